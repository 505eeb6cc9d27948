package fetch

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"time"

	"smoothplay/platform/httpclient"
)

const (
	// trusted is how much memory a server's word is worth: a body that is said to
	// be longer gets its memory as it comes.
	trusted = 4 << 20
	// lingering is how long the end of a body may take after its last byte.
	lingering = 250 * time.Millisecond
	// A Progress is worth telling when so much came and so much time went by.
	progressBytes = 12_000
	progressTime  = 50 * time.Millisecond
)

// reception is a body on its way in.
type reception struct {
	client   *Client
	watch    *httpclient.Watch
	limit    int64          // of the body
	progress func(Progress) // nil: nobody listens
	started  time.Time      // of the request
	told     Progress       // what was told last; Size and FirstByte stay
	received int64          // bytes so far
}

// body reads the body of resp to its end: to the length that was told, where one
// was, else to where it stops. hint is how long it may be, 0: not known.
func (r *reception) body(resp *http.Response, hint int64) (*Body, error) {
	size := resp.ContentLength
	if size > r.limit {
		return nil, errTooLarge
	}
	r.told.Size = max(size, 0)
	if r.progress != nil {
		r.told.Elapsed = r.told.FirstByte
		r.progress(r.told)
	}
	r.watch.Within(httpclient.Idle, r.client.opt.Idle)
	b, err := r.fill(resp.Body, size, hint)
	if err != nil {
		return nil, err
	}
	if encoded := resp.Header["Content-Encoding"]; len(encoded) > 0 {
		return r.decoded(b, encoded[0])
	}
	return b, nil
}

// fill reads src into a buffer of the pool. There is always room for one byte
// more than is expected, so that one more read finds the end: only then can the
// connection be used again.
func (r *reception) fill(src io.Reader, size, hint int64) (*Body, error) {
	pool := &r.client.pool
	expect, most := size, size
	if size < 0 {
		expect, most = min(max(hint+hint/4, 64<<10), r.limit), r.limit
	}
	buf := pool.get(int(min(expect, trusted)) + 1)
	n, empty := 0, 0
	var err error
	for err == nil && (size < 0 || int64(n) <= size) && int64(n) <= r.limit {
		if n == len(buf) {
			larger := pool.get(int(min(2*int64(n), most)) + 1)
			copy(larger, buf)
			pool.put(buf)
			buf = larger
		}
		if int64(n) == size {
			r.watch.Within(httpclient.Idle, lingering)
		}
		var k int
		k, err = src.Read(buf[n:])
		n += k
		if empty++; k > 0 {
			empty = 0
			r.arrived(n, size)
		} else if empty == 100 && err == nil {
			err = io.ErrNoProgress
		}
	}
	r.received = int64(n)
	switch {
	case size >= 0 && int64(n) >= size:
		// What goes wrong after the last byte, or comes on top, is nothing to us.
		return &Body{buf[:size], pool}, nil
	case int64(n) > r.limit:
		err = errTooLarge
	case err == io.EOF && size < 0:
		return &Body{buf[:n], pool}, nil
	default:
		err = r.watch.Why(err)
	}
	pool.put(buf)
	return nil, err
}

// arrived tells of n bytes, where that is worth it, and waits for more.
func (r *reception) arrived(n int, size int64) {
	if int64(n) != size {
		r.watch.Within(httpclient.Idle, r.client.opt.Idle)
	}
	if r.progress == nil || int64(n)-r.told.Bytes < progressBytes {
		return
	}
	now := time.Since(r.started)
	if now-r.told.Elapsed < progressTime {
		return
	}
	r.told.Bytes, r.told.Elapsed = int64(n), now
	r.progress(r.told)
}

// decoded undoes a Content-Encoding, but only where the bytes are what it says:
// servers lie in both directions.
func (r *reception) decoded(b *Body, encoding string) (*Body, error) {
	switch strings.ToLower(encoding) {
	case "br", "deflate", "zstd", "compress":
		b.Release()
		return nil, &encodingError{encoding: encoding}
	}
	return r.unpacked(b)
}

// unpacked undoes gzip where b is gzip.
func (r *reception) unpacked(b *Body) (*Body, error) {
	if !bytes.HasPrefix(b.bytes, []byte{0x1f, 0x8b, 8}) { // RFC 1952 2.3.1
		return b, nil
	}
	defer b.Release()
	z, err := gzip.NewReader(bytes.NewReader(b.bytes))
	if err != nil {
		return nil, &encodingError{"gzip", err}
	}
	on := *r
	on.progress = nil
	clear, err := on.fill(z, -1, 4*int64(len(b.bytes)))
	if err != nil && err != errTooLarge && !r.watch.Fired() {
		err = &encodingError{"gzip", err}
	}
	return clear, err
}
