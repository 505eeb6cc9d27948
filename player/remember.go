package player

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"smoothplay/heuristics/bandwidth"
	"smoothplay/platform"
)

// rememberEvery is how often what was learned is put into the Store.
const rememberEvery = 30 * time.Second

// lesson is something that sessions learn for those after them: a value in the
// Store of the device.
type lesson struct {
	key string
	// recall takes what an earlier session left, in the control loop and before
	// anything is learned. Its error is only logged.
	recall func(l *loop, value []byte) error
	// learned is what is worth keeping now; nil: nothing yet.
	learned func(l *loop) []byte
}

// lessons are all there are.
var lessons = []lesson{
	{"bandwidth", (*loop).recallBandwidth, (*loop).learnedBandwidth},
	{"render_load", (*loop).recallLoads, (*loop).learnedLoads},
}

// memory is what a session knows of the Store. The control loop never waits for
// it: workers read and write, and tell.
type memory struct {
	recalled bool // a worker has told what there was
	busy     bool // a worker looks or writes
	next     time.Duration
	kept     map[string][]byte // as put last, by key
	network  string            // as the device calls it; "": it does not
	links    bandwidth.Memory
}

// remembered is what a worker tells: the network that the device is in and, from
// the first one, all that the Store had; or what it has put there.
type remembered struct {
	network string
	values  []value
	put     bool
}

// value is one in the Store.
type value struct {
	key  string
	text []byte
}

// recall asks the Store for what earlier sessions learned.
func (l *loop) recall() {
	if l.dev.Store == nil {
		return
	}
	l.spawn(func(ctx context.Context) {
		m := &remembered{network: l.networkOfDevice()}
		for _, one := range lessons {
			text, err := l.dev.Store.Get(one.key)
			if err == nil {
				m.values = append(m.values, value{one.key, text})
			} else if !errors.Is(err, fs.ErrNotExist) {
				l.forgotten("read", one.key, err)
			}
		}
		l.p.post(ctx, message{remembered: m})
	})
}

// remind takes what a worker tells.
func (l *loop) remind(m *remembered) {
	switch {
	case m.put:
		for _, v := range m.values {
			l.memory.kept[v.key] = v.text
		}
		l.memory.busy = false
	case l.memory.recalled:
		l.enter(m.network)
		news := l.news()
		l.spawn(func(ctx context.Context) {
			l.p.post(ctx, message{remembered: &remembered{values: l.keep(news), put: true}})
		})
	default:
		l.memory.recalled, l.memory.next = true, l.now()+rememberEvery
		l.memory.kept = map[string][]byte{}
		for _, v := range m.values {
			l.memory.kept[v.key] = v.text
			l.understand(v)
		}
		l.memory.network = m.network
		l.bandwidth.Seed(l.memory.links.Recall(l.network(), time.Now()))
	}
}

// enter notes the network that the device is in; from one to another, nothing
// that was measured holds.
func (l *loop) enter(network string) {
	moved := network != "" && l.memory.network != "" && network != l.memory.network
	l.memory.network = network
	if moved {
		l.askAtOnce()
		l.bandwidth.Reset()
		l.bandwidth.Seed(l.memory.links.Recall(l.network(), time.Now()))
	}
}

// understand lets the lesson that a value belongs to take it.
func (l *loop) understand(v value) {
	for _, one := range lessons {
		if one.key != v.key {
			continue
		}
		if err := one.recall(l, v.text); err != nil {
			l.forgotten("understood", v.key, err)
		}
	}
}

// remember puts what was learned into the Store, from time to time: a worker looks
// which network this is, then one puts what the loop makes of it.
func (l *loop) remember() {
	if !l.memory.recalled || l.memory.busy || l.now() < l.memory.next {
		return
	}
	l.memory.busy, l.memory.next = true, l.now()+rememberEvery
	l.spawn(func(ctx context.Context) {
		l.p.post(ctx, message{remembered: &remembered{network: l.networkOfDevice()}})
	})
}

// rememberLast does so at the end, when no goroutine of the session is left.
func (l *loop) rememberLast() {
	if l.memory.recalled {
		l.enter(l.networkOfDevice())
		l.keep(l.news())
	}
}

// news is what was learned and is not in the Store yet.
func (l *loop) news() []value {
	var news []value
	for _, one := range lessons {
		if text := one.learned(l); text != nil && !bytes.Equal(text, l.memory.kept[one.key]) {
			news = append(news, value{one.key, text})
		}
	}
	return news
}

// keep puts values into the Store and returns those that are there.
func (l *loop) keep(news []value) (kept []value) {
	for _, v := range news {
		if err := l.dev.Store.Put(v.key, v.text); err != nil {
			l.forgotten("written", v.key, err)
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

// forgotten logs that a value is lost; playing does without.
func (l *loop) forgotten(what, key string, err error) {
	l.cfg.Logger.Warn("what sessions learn cannot be "+what, "area", "store", "key", key, "error", err)
}

// networkOfDevice is the network as the device calls it.
func (l *loop) networkOfDevice() string {
	if namer, ok := l.dev.Load.(platform.NetworkNamer); ok && l.cfg.Network == "" {
		return namer.Network()
	}
	return ""
}

// network names what the estimate of bandwidth is about. What is near says nothing
// of the way into the world.
func (l *loop) network() string {
	host := ""
	if u, err := url.Parse(l.url); err == nil {
		host = strings.ToLower(u.Hostname())
	}
	server := "host " + host
	if address, err := netip.ParseAddr(host); host == "localhost" || host == "" ||
		err == nil && (address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast()) {
		return cmp.Or(l.cfg.Network, server)
	}
	return cmp.Or(l.cfg.Network, l.memory.network, server)
}

// recallBandwidth takes what is known of links.
func (l *loop) recallBandwidth(value []byte) (err error) {
	l.memory.links, err = bandwidth.DecodeMemory(value)
	return err
}

// learnedBandwidth is what is known of links, this one included.
func (l *loop) learnedBandwidth() []byte {
	if !l.bandwidth.Measured() {
		return nil
	}
	l.memory.links.Learn(l.network(), l.bandwidth.Estimate(), time.Now())
	return l.memory.links.Encode()
}
