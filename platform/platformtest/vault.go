package platformtest

import (
	"errors"
	"sync"

	"smoothplay/platform"
)

// Vault is a [platform.SampleDecrypter] as hardware is one: what it decrypts never
// shows in Data, but goes on as a Secure handle that only [Vault.Decoders] open. It
// counts, so that a test can tell that nothing went another way.
type Vault struct {
	// Inner decrypts, in the memory of the vault.
	Inner platform.SampleDecrypter

	mu        sync.Mutex
	decrypted int
	opened    int
	closed    int
}

// handle is what stands in Sample.Secure.
type handle struct {
	vault *Vault
	data  []byte
}

var errVault = errors.New("platformtest: the vault is closed")

// Decrypt implements [platform.SampleDecrypter].
func (v *Vault) Decrypt(s *platform.Sample, p platform.SampleProtection) error {
	v.mu.Lock()
	closed := v.closed > 0
	v.decrypted++
	v.mu.Unlock()
	if closed {
		return errVault
	}
	inside := platform.Sample{Data: append([]byte(nil), s.Data...)}
	if err := v.Inner.Decrypt(&inside, p); err != nil {
		return err
	}
	s.Data, s.Secure = nil, &handle{v, inside.Data}
	return nil
}

// Close implements [platform.SampleDecrypter].
func (v *Vault) Close() error {
	v.mu.Lock()
	v.closed++
	v.mu.Unlock()
	return v.Inner.Close()
}

// Counts are how many samples were decrypted and opened, and how often it was
// closed.
func (v *Vault) Counts() (decrypted, opened, closed int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.decrypted, v.opened, v.closed
}

// Open returns what a sample holds in the vault; nil: it is none of its handles.
func (v *Vault) Open(s *platform.Sample) []byte {
	h, ok := s.Secure.(*handle)
	if !ok || h.vault != v {
		return nil
	}
	v.mu.Lock()
	v.opened++
	v.mu.Unlock()
	return h.data
}

// VaultDecoders are decoders in protected memory: they take the handles of a Vault
// beside clear samples.
type VaultDecoders struct {
	platform.Decoders
	Vault *Vault
}

// OpenVideo implements [platform.Decoders].
func (d *VaultDecoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	inner, err := d.Decoders.OpenVideo(f)
	if err != nil {
		return nil, err
	}
	return &vaultVideo{inner, d.Vault}, nil
}

// OpenAudio implements [platform.Decoders].
func (d *VaultDecoders) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	inner, err := d.Decoders.OpenAudio(f, out)
	if err != nil {
		return nil, err
	}
	return &vaultAudio{inner, d.Vault}, nil
}

type vaultVideo struct {
	platform.VideoDecoder
	vault *Vault
}

func (d *vaultVideo) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	return d.VideoDecoder.Decode(d.vault.inside(s), out)
}

type vaultAudio struct {
	platform.AudioDecoder
	vault *Vault
}

func (d *vaultAudio) Decode(s *platform.Sample, out func(*platform.PCM) error) error {
	return d.AudioDecoder.Decode(d.vault.inside(s), out)
}

// inside is s as decoders in the vault see it.
func (v *Vault) inside(s *platform.Sample) *platform.Sample {
	if s.Secure == nil {
		return s
	}
	clear := *s
	clear.Data, clear.Secure = v.Open(s), nil
	return &clear
}
