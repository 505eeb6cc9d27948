package player

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"time"

	"smoothplay/drm"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// Thumbnail is a small picture of a place of the presentation.
type Thumbnail struct {
	Start, End time.Duration // of the part that it stands for
	Image      image.Image   // *image.YCbCr, not to be written to
}

const (
	// maxThumbnails is how many are kept.
	maxThumbnails = 128
	// maxThumbnailSide bounds the size of a JPEG.
	maxThumbnailSide = 4096
)

// Thumbnail is a picture of a place: out of a stream of thumbnails (Subtype ZOET),
// or the key picture of the lowest level. A later call overtakes one that waits,
// which returns ErrSuperseded. It needs a decoder of its own where there is no such
// stream.
func (p *Player) Thumbnail(ctx context.Context, at time.Duration) (*Thumbnail, error) {
	r := &thumbnailRequest{at: at, answer: make(chan thumbnailAnswer, 1)}
	select {
	case <-p.running:
	default:
		return nil, ErrNotRunning
	}
	select {
	case p.inbox <- message{thumbnail: r}:
	case <-p.ended:
		return nil, ErrNotRunning
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-r.answer:
		return a.Thumbnail, a.err
	case <-p.ended:
		return nil, ErrNotRunning
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// thumbnailRequest is a call of Thumbnail.
type thumbnailRequest struct {
	at     time.Duration
	answer chan thumbnailAnswer // has room for one
}

// thumbnailAnswer is what came of it.
type thumbnailAnswer struct {
	*Thumbnail
	err error
}

// thumbnails is what the control loop keeps of them.
type thumbnails struct {
	opening int
	kept    map[int]*Thumbnail // by chunk
	order   []int              // of kept, the oldest first
	request *thumbnailRequest  // under way
	cancel  context.CancelFunc
}

// fetchedThumbnail is the end of a transfer, as a message.
type fetchedThumbnail struct {
	opening int
	request *thumbnailRequest
	event   event.Fragment
	chunk   int
	thumbnailAnswer
}

// thumbnailSource is where thumbnails come from: a stream of them, or the lowest
// level of the video that may be played; ok is false where there is none.
func (l *loop) thumbnailSource() (stream, level int, ok bool) {
	if l.snap == nil {
		return 0, 0, false
	}
	pres := l.snap.Presentation()
	for i := range pres.Streams {
		s := &pres.Streams[i]
		if s.Type == "video" && strings.EqualFold(s.Subtype, "ZOET") && len(s.Levels) > 0 && l.snap.Stream(i).Len() > 0 {
			return i, 0, true
		}
	}
	t := l.of(platform.Video)
	if t == nil {
		return 0, 0, false
	}
	for q := range t.levels {
		if t.levels[q].barred != nil {
			continue
		}
		for n := range t.source.Levels {
			if &t.source.Levels[n] == t.levels[q].source {
				return t.index, n, true
			}
		}
	}
	return 0, 0, false
}

// thumbnail begins to get a thumbnail, or gives one that is kept.
func (l *loop) thumbnail(r *thumbnailRequest) {
	th := &l.thumbs
	if th.request != nil {
		th.cancel()
		th.request.answer <- thumbnailAnswer{err: ErrSuperseded}
		th.request = nil
	}
	if th.opening != l.opening || th.kept == nil {
		*th = thumbnails{opening: l.opening, kept: map[int]*Thumbnail{}}
	}
	index, level, ok := l.thumbnailSource()
	if !ok {
		r.answer <- thumbnailAnswer{err: fail(event.BadArgument, l.base, "there are no pictures to make a thumbnail of")}
		return
	}
	stream := l.snap.Stream(index)
	i := min(stream.At(r.at), stream.Proven()-1)
	if i < stream.First() {
		r.answer <- thumbnailAnswer{err: fail(event.BadArgument, l.base, "there is no picture at %v", r.at)}
		return
	}
	if t := th.kept[i]; t != nil && r.at >= t.Start && r.at < t.End {
		r.answer <- thumbnailAnswer{Thumbnail: t}
		return
	}
	th.request = r
	l.fetchThumbnail(r, index, level, stream.Chunk(i))
}

func (l *loop) fetchThumbnail(r *thumbnailRequest, index, level int, chunk timeline.Chunk) {
	pres := l.snap.Presentation()
	source := inClip(pres, index, chunk)
	quality := &source.Levels[level]
	whole := manifest.ChunkURL(baseOf(l.base, pres, chunk), source, quality, chunk.T)
	url := whole
	noun := "Fragments"
	film := strings.EqualFold(source.Subtype, "ZOET")
	if keys, ok := manifest.KeyFramesURL(url); ok && !film && !l.noKeyFrames {
		url, noun = keys, "KeyFrames"
	}
	told := event.Fragment{
		Track: "thumbnail", Stream: nameOf(source), Level: level, BitrateBPS: quality.BitrateBPS, T: uint64(chunk.T),
		Chunk: chunk.Index, Start: chunk.Start, Duration: chunk.Duration, Noun: noun, Outcome: event.Received, Asked: l.now(), Attempt: 1,
	}
	stream, said, ring, decoders, opening := l.snap.Stream(index), l.keys.said, l.keys.ring, l.dev.Decoders, l.opening
	l.thumbs.cancel = l.spawn(func(ctx context.Context) {
		got := l.client.Fragment(ctx, fetch.Job{URL: url}, nil)
		if got.Err != nil && url != whole && ctx.Err() == nil {
			got = l.client.Fragment(ctx, fetch.Job{URL: whole}, nil)
			told.Noun, told.Attempt = "Fragments", 2
		}
		told.Bytes, told.TTFB, told.Elapsed = got.Bytes, got.FirstByte, got.Elapsed
		told.Status, told.Host, told.Cache = got.Status, got.Host, got.Cache
		a := thumbnailAnswer{err: got.Err}
		if got.Err == nil {
			if film {
				a.Thumbnail, a.err = filmPicture(got.Body.Bytes(), stream, chunk, r.at)
				got.Body.Release()
			} else {
				a.Thumbnail, a.err = keyPicture(got.Body, stream, chunk, source, quality, said, ring, decoders)
			}
		}
		if a.err != nil {
			told.Outcome, told.Code = event.Faulty, codeOf(a.err)
			a.err = fmt.Errorf("thumbnail at %v: %w", r.at, a.err)
		}
		l.p.post(ctx, message{fetchedThumbnail: &fetchedThumbnail{opening, r, told, chunk.Index, a}})
	})
}

// nameOf is the name of a stream that people see.
func nameOf(s *manifest.Stream) string {
	if s.Name == "" {
		return s.Type
	}
	return s.Name
}

// thumbnailArrived takes the end of a transfer.
func (l *loop) thumbnailArrived(a *fetchedThumbnail) {
	l.emit(a.event)
	th := &l.thumbs
	if a.opening == th.opening && a.err == nil {
		if th.kept[a.chunk] == nil {
			th.order = append(th.order, a.chunk)
		}
		th.kept[a.chunk] = a.Thumbnail
		if len(th.order) > maxThumbnails {
			delete(th.kept, th.order[0])
			th.order = th.order[1:]
		}
	}
	if th.request == a.request {
		th.request = nil
		a.request.answer <- a.thumbnailAnswer
	}
}

// filmPicture is the JPEG in a fragment of thumbnails that stands for a place.
func filmPicture(body []byte, stream *timeline.Stream, chunk timeline.Chunk, at time.Duration) (*Thumbnail, error) {
	var f fragment.Fragment
	if err := f.Parse(body, fragment.Options{Kind: platform.Video, FragmentDuration: uint64(chunk.D)}); err != nil {
		return nil, err
	}
	best := -1
	t := &Thumbnail{}
	for i := range f.Samples {
		s := &f.Samples[i]
		start := chunk.Start + stream.Offset(s.Decode)
		if len(s.Data) > 0 && (best < 0 || start <= at) {
			best = i
			t.Start, t.End = start, start+stream.Offset(int64(s.Duration))
		}
	}
	if best < 0 {
		return nil, errors.New("there is no picture in the fragment")
	}
	data := f.Samples[best].Data
	size, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if size.Width > maxThumbnailSide || size.Height > maxThumbnailSide {
		return nil, fmt.Errorf("it has %dx%d pixels, more than a thumbnail may have", size.Width, size.Height)
	}
	t.Image, err = jpeg.Decode(bytes.NewReader(data))
	return t, err
}

// keyPicture decodes the first picture of a fragment.
func keyPicture(body *fetch.Body, stream *timeline.Stream, chunk timeline.Chunk, source *manifest.Stream, level *manifest.Level,
	said *drm.Protection, ring *keyring, decoders platform.Decoders) (*Thumbnail, error) {
	format, _, err := fragment.FormatOf(source, level)
	if err != nil {
		body.Release()
		return nil, err
	}
	u, err := unpack(body, stream, chunk, format, said, false)
	if err != nil {
		body.Release()
		return nil, err
	}
	defer u.Free()
	if len(u.Samples) == 0 {
		return nil, errors.New("there is no picture in the fragment")
	}
	s := u.Samples[0]
	s.Format, s.Key = u.Format, true
	if u.Protection != nil && u.Protection[0].Scheme != platform.Cleartext {
		if err := ring.clear(&s, u.Protection[0], u.Format); err != nil {
			return nil, err
		}
	}
	d, err := decoders.OpenVideo(*u.Format)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	t := &Thumbnail{Start: chunk.Start, End: chunk.End()}
	take := func(p *platform.Picture) error {
		if t.Image == nil {
			t.Image = imageOf(p)
		}
		p.Release()
		return nil
	}
	if err := errors.Join(d.Decode(&s, take), d.Drain(take)); err != nil {
		return nil, err
	}
	if t.Image == nil {
		return nil, errors.New("the decoder made no picture that can be read")
	}
	return t, nil
}

// clear decrypts a sample, where its key is there.
func (k *keyring) clear(s *platform.Sample, p platform.SampleProtection, f *platform.Format) error {
	k.mu.Lock()
	key := k.ring.Key(time.Now(), p.KID)
	if key.State != drm.Ready || !key.Allows(f.Width, f.Height) {
		k.mu.Unlock()
		return fmt.Errorf("its key %x is not there: %w", p.KID, errDecrypt)
	}
	l := k.loans[p.KID]
	l.users++
	k.mu.Unlock()
	defer k.giveBack(l)
	return l.d.Decrypt(s, p)
}

// imageOf copies a picture; nil: it is not one that can be read.
func imageOf(p *platform.Picture) image.Image {
	if p.Format != platform.I420 && p.Format != platform.NV12 || p.Width <= 0 || p.Height <= 0 {
		return nil
	}
	m := image.NewYCbCr(image.Rect(0, 0, p.Width, p.Height), image.YCbCrSubsampleRatio420)
	for y := range p.Height {
		copy(m.Y[y*m.YStride:y*m.YStride+p.Width], p.Planes[0][y*p.Strides[0]:])
	}
	w, h := (p.Width+1)/2, (p.Height+1)/2
	for y := range h {
		cb, cr := m.Cb[y*m.CStride:y*m.CStride+w], m.Cr[y*m.CStride:y*m.CStride+w]
		if p.Format == platform.I420 {
			copy(cb, p.Planes[1][y*p.Strides[1]:])
			copy(cr, p.Planes[2][y*p.Strides[2]:])
			continue
		}
		row := p.Planes[1][y*p.Strides[1]:]
		for x := range w {
			cb[x], cr[x] = row[2*x], row[2*x+1]
		}
	}
	return m
}
