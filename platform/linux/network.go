package linux

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
)

const (
	routeUp      = 0x1 // RTF_UP
	routeGateway = 0x2 // RTF_GATEWAY
	nameBytes    = 12  // of the hash
)

// Network implements [platform.NetworkNamer]: a hash of the interface and of the
// hardware address of the gateway through which the world is reached; "" where
// there is none, as with IPv6 alone. Safe for concurrent use.
func (m *Meter) Network() string {
	f := files{root: m.files.root, buf: make([]byte, 32<<10)}
	b, err := f.read("proc/net/route")
	if err != nil {
		return ""
	}
	device, gateway, ok := defaultRoute(b)
	if !ok {
		return ""
	}
	if b, err = f.read("proc/net/arp"); err != nil {
		return ""
	}
	address, ok := hardware(b, device, gateway)
	if !ok {
		return ""
	}
	hash := sha256.Sum256([]byte(device + " " + address))
	return hex.EncodeToString(hash[:nameBytes])
}

// defaultRoute finds the route to everywhere with the lowest metric in
// proc/net/route, whose columns are Iface, Destination, Gateway, Flags, RefCnt,
// Use, Metric, Mask; addresses are hexadecimal in the byte order of the machine.
func defaultRoute(b []byte) (device string, gateway netip.Addr, ok bool) {
	best := uint64(0)
	for line := range bytes.Lines(b) {
		var column [8]string
		for i := range column {
			var w []byte
			w, line = word(bytes.TrimRight(line, "\n"))
			column[i] = string(w)
		}
		to, errTo := strconv.ParseUint(column[1], 16, 32)
		through, errThrough := strconv.ParseUint(column[2], 16, 32)
		flags, errFlags := strconv.ParseUint(column[3], 16, 16)
		metric, errMetric := strconv.ParseUint(column[6], 10, 32)
		mask, errMask := strconv.ParseUint(column[7], 16, 32)
		if errTo != nil || errThrough != nil || errFlags != nil || errMetric != nil || errMask != nil {
			continue // the heading
		}
		if to != 0 || mask != 0 || flags&(routeUp|routeGateway) != routeUp|routeGateway || ok && metric >= best {
			continue
		}
		var ip [4]byte
		binary.NativeEndian.PutUint32(ip[:], uint32(through))
		device, gateway, best, ok = column[0], netip.AddrFrom4(ip), metric, true
	}
	return device, gateway, ok
}

// hardware finds the hardware address of a neighbour in proc/net/arp, whose
// columns are IP address, HW type, Flags, HW address, Mask, Device.
func hardware(b []byte, device string, ip netip.Addr) (address string, ok bool) {
	for line := range bytes.Lines(b) {
		var column [6]string
		for i := range column {
			var w []byte
			w, line = word(bytes.TrimRight(line, "\n"))
			column[i] = string(w)
		}
		if column[0] != ip.String() || column[5] != device {
			continue
		}
		if address := column[3]; address != "00:00:00:00:00:00" {
			return address, true
		}
	}
	return "", false
}
