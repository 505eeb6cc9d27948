package player

import (
	"bytes"
	"slices"
	"time"

	"smoothplay/drm"
	"smoothplay/platform"
	"smoothplay/player/fragment"
)

// cipher is what a fragment says of its encryption.
type cipher struct {
	kid     [16]byte
	named   bool                        // the fragment names kid itself
	systems []platform.ProtectionSystem // headers that came with it; its own memory
	start   time.Duration               // of the fragment
	maps    []platform.Subsample        // room for those of its samples
}

// cipherOf is that of an encrypted fragment, in a presentation whose headers are
// said. nil: the fragment is clear.
func cipherOf(p *fragment.Fragment, said *drm.Protection, start time.Duration) (*cipher, error) {
	e := p.Encryption
	if e == nil {
		return nil, nil
	}
	c := &cipher{kid: e.KID, named: e.HasKID, start: start}
	for _, s := range p.Systems {
		c.systems = append(c.systems, platform.ProtectionSystem{SystemID: s.SystemID, Data: bytes.Clone(s.Data)})
	}
	if c.named {
		return c, nil
	}
	kid, ok := (&drm.Protection{}).With(c.systems).DefaultKID() // what came with it knows best
	if !ok {
		kid, ok = said.DefaultKID()
	}
	if !ok {
		return nil, errNoKID
	}
	c.kid = kid
	return c, nil
}

// protection is how sample i is encrypted. It refers to the body of the fragment
// and to memory of its own, not to what the next Parse changes.
func (c *cipher) protection(e *fragment.Encryption, i int) platform.SampleProtection {
	if c.maps == nil {
		n := 0
		for _, s := range e.Samples {
			n += len(s.Subsamples)
		}
		c.maps = make([]platform.Subsample, 0, n)
	}
	p := e.Protection(i, c.kid)
	if from := len(c.maps); len(p.Subsamples) > 0 {
		c.maps = append(c.maps, p.Subsamples...)
		p.Subsamples = slices.Clip(c.maps[from:])
	}
	return p
}

// showsHeader reports whether the NAL header of an encrypted sample is clear.
func showsHeader(p platform.SampleProtection, f *platform.Format) bool {
	return p.Scheme == platform.Cleartext || len(p.Subsamples) > 0 && int64(p.Subsamples[0].Clear) > int64(f.NALLength)
}
