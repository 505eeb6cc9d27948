package ffmpeg

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	const small, large = 640 * 360, 1920 * 1080
	period := 40 * time.Millisecond
	for _, tt := range []struct {
		name         string
		took         time.Duration // for a small picture
		small, large int
	}{
		{"a fast device", 700 * time.Microsecond, 1, 1},
		{"one that is fast for small pictures only", 4 * time.Millisecond, 1, 2},
		{"a slow one", 8 * time.Millisecond, 1, 4},
		{"one that is too slow for all", 50 * time.Millisecond, 3, 4},
	} {
		p := pace{max: 4}
		for i := range 20 {
			if n := p.threads(large); i < surePictures && n != 1 {
				t.Errorf("%s: %d threads after %d pictures", tt.name, n, i)
			}
			p.observe(tt.took, period, small)
		}
		if n := p.threads(small); n != tt.small {
			t.Errorf("%s: %d threads for small pictures, want %d", tt.name, n, tt.small)
		}
		if n := p.threads(large); n != tt.large {
			t.Errorf("%s: %d threads for large pictures, want %d", tt.name, n, tt.large)
		}
	}
	fixed := pace{max: 3, fixed: true}
	fixed.observe(time.Nanosecond, period, small)
	if n := fixed.threads(small); n != 3 {
		t.Errorf("%d threads where 3 are fixed", n)
	}
}
