package sim

import "smoothplay/heuristics"

// sound is what other tracks take of the link: a fragment of theirs comes in
// beside each of video, both at the same rate until one is complete. What is left
// of it comes in beside the next. Figures are bits.
type sound struct {
	each float64 // with each chunk; 0: there are no others
	next int     // chunk that has not brought its own yet
	left float64 // that is still to come
	got  float64 // beside the running transfer
}

// begin says how much is to come in beside the transfer of a chunk.
func (o *sound) begin(chunk int) float64 {
	if o.each > 0 && chunk >= o.next {
		o.left += o.each
		o.next = chunk + 1
	}
	o.got = 0
	return o.left
}

// received shares out what came in, of both together, since the transfer began.
func (o *sound) received(s *session, bits float64) {
	got := min(bits/2, o.got+o.left)
	complete := o.left > 0 && got == o.got+o.left
	o.left -= got - o.got
	o.got = got
	t := &s.running
	t.Bytes, t.OtherBytes = inBytes(bits-got), inBytes(got)
	if complete {
		o.left = 0
		s.estimator.Add(heuristics.Transfer{
			Level: -1, Bytes: t.OtherBytes, Size: t.OtherBytes, Start: t.Start, FirstByte: t.FirstByte,
			Body: t.Body, Media: t.Media, OtherBytes: t.Bytes,
		})
	}
}
