package player

import (
	"fmt"
	"time"

	"smoothplay/heuristics/renderload"
)

// watchLoad watches another video track, with what was learned of levels like its
// own.
func (l *loop) watchLoad(t *track) {
	o := &l.render
	if o.monitor != nil {
		l.loads.Learn(o.monitor, o.codecs, time.Now())
	}
	o.monitor, o.codecs = renderload.New(t.rates), nil
	for i := range t.levels {
		// What other decoders take is another matter.
		o.codecs = append(o.codecs, fmt.Sprintf("%s of %T", t.levels[i].format.Codec, l.dev.Decoders))
	}
	l.loads.Recall(o.monitor, o.codecs, time.Now())
	o.monitor.Wish(l.startLevel(t))
	o.cap, o.effort = o.monitor.Cap(), o.monitor.Effort()
}

// recallLoads takes what is known of levels, also for the track that is watched
// already and of which nothing was seen.
func (l *loop) recallLoads(value []byte) (err error) {
	l.loads, err = renderload.DecodeMemory(value)
	o := &l.render
	if o.monitor != nil && o.monitor.Expected(0) == 0 {
		l.loads.Recall(o.monitor, o.codecs, time.Now())
		o.cap = o.monitor.Cap()
	}
	return err
}

// learnedLoads is what is known of levels, those of this session included.
func (l *loop) learnedLoads() []byte {
	if l.render.monitor == nil {
		return nil
	}
	loads := l.loads.Clone()
	loads.Learn(l.render.monitor, l.render.codecs, time.Now())
	return loads.Encode()
}
