package fallback

import (
	"fmt"

	"smoothplay/platform"
)

// Decoders opens decoders of Hardware where there is one for the format, and of
// Software for the rest and for all sound. Safe for concurrent use where both
// are.
type Decoders struct {
	Hardware, Software platform.Decoders
}

// Supports reports nil where one of the two supports f.
func (d Decoders) Supports(f platform.Format) error {
	err := d.Software.Supports(f)
	if err != nil && f.Kind == platform.Video && d.Hardware.Supports(f) == nil {
		return nil
	}
	return err
}

// OpenVideo opens a decoder of the hardware, or else of the software; the error is
// that of the latter. The decoder is also a platform.Threads, a
// platform.PathNamer and, as far as both decoders are, a platform.Effort.
func (d Decoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	v := &decoder{by: d, format: &f}
	if err := v.open(); err != nil {
		return nil, err
	}
	return v, nil
}

// OpenAudio opens a decoder of the software.
func (d Decoders) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	return d.Software.OpenAudio(f, out)
}

// pathOf is how a decoder decodes; otherwise where it does not say.
func pathOf(d any, otherwise string) string {
	if n, ok := d.(platform.PathNamer); ok {
		if path := n.Path(); path != "" {
			return path
		}
	}
	return otherwise
}

// instead says that software decodes instead of what path names.
func instead(path string, why error) string {
	text := why.Error()
	const longest = 200
	if len(text) > longest {
		text = text[:longest] + "..."
	}
	return fmt.Sprintf("software (%s: %s)", path, text)
}

// failed is instead, of what was tried.
func failed(path string, why error) string { return instead(path+" failed", why) }
