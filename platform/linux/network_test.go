package linux

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"smoothplay/platform"
)

var _ platform.NetworkNamer = (*Meter)(nil)

const routeHeading = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n"
const arpHeading = "IP address       HW type     Flags       HW address            Mask     Device\n"

// route is a line of proc/net/route.
func route(device, to, through string, flags, metric int, mask uint32) string {
	number := func(ip string) uint32 {
		b := netip.MustParseAddr(ip).As4()
		return binary.NativeEndian.Uint32(b[:])
	}
	return fmt.Sprintf("%s\t%08X\t%08X\t%04X\t0\t0\t%d\t%08X\t0\t0\t0                                                                              \n",
		device, number(to), number(through), flags, metric, mask)
}

func arp(ip, address, device string) string {
	return fmt.Sprintf("%-16s 0x1         0x2         %s     *        %s\n", ip, address, device)
}

func TestNetwork(t *testing.T) {
	local := route("wlan0", "192.168.1.0", "0.0.0.0", 1, 600, 0x00ffffff)
	wifi := route("wlan0", "0.0.0.0", "192.168.1.1", 3, 600, 0)
	cable := route("eth0", "0.0.0.0", "10.0.0.1", 3, 100, 0)
	neighbours := arp("192.168.1.7", "aa:aa:aa:aa:aa:07", "wlan0") + arp("192.168.1.1", "aa:aa:aa:aa:aa:01", "wlan0") + arp("10.0.0.1", "bb:bb:bb:bb:bb:01", "eth0")
	name := func(routes, neighbours string) string {
		d := newDevice(2)
		d.put("proc/net/route", routeHeading+routes)
		d.put("proc/net/arp", arpHeading+neighbours)
		return newMeter(d.files).Network()
	}
	home, office := name(local+wifi, neighbours), name(cable, neighbours)
	if home == "" || office == "" || home == office {
		t.Fatalf("two networks are called %q and %q", home, office)
	}
	if hash, err := hex.DecodeString(home); err != nil || len(hash) != nameBytes {
		t.Errorf("%q is no hash", home)
	}
	elsewhere := strings.ReplaceAll(neighbours, "aa:01", "aa:99")
	for _, test := range []struct {
		name, routes, neighbours, want string
	}{
		{"again", wifi + local, arp("10.9.9.9", "cc:cc:cc:cc:cc:cc", "wlan0") + neighbours, home},
		{"the cable goes first", local + wifi + cable, neighbours, office},
		{"in whatever order", cable + wifi, neighbours, office},
		{"the same addresses elsewhere", local + wifi, elsewhere, name(wifi, elsewhere)},
		{"no route", local, neighbours, ""},
		{"none that is up", route("wlan0", "0.0.0.0", "192.168.1.1", 2, 600, 0), neighbours, ""},
		{"none through a gateway", route("ppp0", "0.0.0.0", "0.0.0.0", 1, 0, 0), neighbours, ""},
		{"half of everywhere, as of a tunnel", route("tun0", "0.0.0.0", "10.8.0.1", 3, 0, 0x80), arp("10.8.0.1", "dd:dd:dd:dd:dd:dd", "tun0"), ""},
		{"the gateway was not met", wifi, arp("192.168.1.7", "aa:aa:aa:aa:aa:07", "wlan0"), ""},
		{"nor answered", wifi, arp("192.168.1.1", "00:00:00:00:00:00", "wlan0"), ""},
		{"its address on another interface", wifi, arp("192.168.1.1", "aa:aa:aa:aa:aa:01", "eth0"), ""},
		{"nonsense", "wlan0 0 0\n\n\x00\x00\t\t\t\n" + strings.Repeat("x", 50_000), neighbours, ""},
	} {
		if got := name(test.routes, test.neighbours); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if got := name(wifi, elsewhere); got == home {
		t.Error("another gateway of the same address has the same name")
	}
	if got := newMeter(newDevice(1).files).Network(); got != "" {
		t.Errorf("without the files: %q", got)
	}
}

// TestNetworkBesideLoad: the name is asked for by other goroutines.
func TestNetworkBesideLoad(t *testing.T) {
	d := newDevice(2)
	d.put("proc/net/route", routeHeading+route("eth0", "0.0.0.0", "10.0.0.1", 3, 100, 0))
	d.put("proc/net/arp", arpHeading+arp("10.0.0.1", "bb:bb:bb:bb:bb:01", "eth0"))
	m := newMeter(d.files)
	want := m.Network()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				if got := m.Network(); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
		})
	}
	for range 50 {
		if _, err := m.Load(); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
}
