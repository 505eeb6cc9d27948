package pipeline

import (
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform/null"
)

// low and high tell two branches apart, and say which frame it is.
func low(frame int) int16  { return count(frame) }
func high(frame int) int16 { return 20000 + count(frame) }

// spliced finds the place where low becomes high in what was heard, and fails
// where a frame of either is missing or twice, or the mix of both is longer than
// the fade.
func spliced(t *testing.T, got []int16, from, to func(int) int16) (at int) {
	t.Helper()
	for at < len(got) && got[at] == from(at) {
		at++
	}
	mixed := at
	for mixed < len(got) && got[mixed] != to(mixed) {
		lowest, highest := min(from(mixed), to(mixed)), max(from(mixed), to(mixed))
		if got[mixed] < lowest || got[mixed] > highest {
			t.Fatalf("frame %d is %d: neither branch, and no mix of both", mixed, got[mixed])
		}
		mixed++
	}
	if limit := frames(stereo, fade); mixed-at > limit {
		t.Errorf("from frame %d on, %d are a mix of both branches, at most %d should be", at, mixed-at, limit)
	}
	for i := mixed; i < len(got); i++ {
		if got[i] != to(i) {
			t.Fatalf("frame %d is %d, want %d of the new branch", i, got[i], to(i))
		}
	}
	return at
}

func TestSpliceLosesNoFrame(t *testing.T) {
	for _, c := range []struct {
		name       string
		from       time.Duration // of the new branch
		after      time.Duration // its sound comes after the wish
		piece      time.Duration // of its pieces
		begins     time.Duration // what it is heard from, at least
		ends       time.Duration // and at most
		overlapped bool          // the old branch has sound to fade
	}{
		{"that is behind, as one that was just sought", 0, 0, 21333 * time.Microsecond, 500 * ms, 1000 * ms, true},
		{"in pieces of another length", 0, 0, 33 * ms, 500 * ms, 1000 * ms, true},
		{"that comes late", 0, 800 * ms, 21333 * time.Microsecond, 1300 * ms, 1800 * ms, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, &null.AudioSink{}, func(r *rig) {
				go give(r.ctx, r.branch, 1, 0, 4*time.Second, 21333*time.Microsecond, low)
				r.play()
				time.Sleep(500 * ms)
				next := r.newBranch(2)
				r.feeder.Splice(next)
				time.Sleep(c.after)
				go give(r.ctx, next, 1, c.from, 4*time.Second, c.piece, high)
				time.Sleep(300 * ms)
				synctest.Wait()
				if got := r.monitor.Take().Spliced; got != 2 {
					t.Errorf("branch %d plays, want 2", got)
				}
				time.Sleep(5 * time.Second)
				got := heard(r.sink)
				at := spliced(t, got, low, high)
				if when := time.Duration(at) * time.Second / 48000; when < c.begins || when > c.ends {
					t.Errorf("the new branch is heard from %v on, want from %v to %v", when, c.begins, c.ends)
				}
				if len(got) != frames(stereo, 4*time.Second) {
					t.Errorf("%d frames were heard, want those of 4s", len(got))
				}
				if rep := r.monitor.Take(); rep.Gaps != 0 || r.sink.Counts().Underruns != 0 || len(r.sink.Heard()) != 1 {
					t.Errorf("%d gaps, %d underruns, %d pieces", rep.Gaps, r.sink.Counts().Underruns, len(r.sink.Heard()))
				}
			})
		})
	}
}

func TestSpliceFades(t *testing.T) {
	quiet, loud := func(int) int16 { return -10000 }, func(int) int16 { return 10000 }
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, time.Second, 20*ms, quiet)
		r.play()
		time.Sleep(300 * ms)
		next := r.newBranch(2)
		go give(r.ctx, next, 1, 0, time.Second, 20*ms, loud)
		r.feeder.Splice(next)
		time.Sleep(2 * time.Second)
		got := heard(r.sink)
		var ramp int
		for i := 1; i < len(got); i++ {
			if d := int(got[i]) - int(got[i-1]); d > 20000/240+1 || d < 0 {
				t.Fatalf("frame %d is %d after %d: that clicks", i, got[i], got[i-1])
			} else if d > 0 {
				ramp++
			}
		}
		if ramp < 230 || ramp > 240 {
			t.Errorf("the branches are mixed for %d frames, want 240: 5 ms", ramp)
		}
	})
}

func TestSpliceWhilePaused(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 2*time.Second, 20*ms, low)
		r.play()
		time.Sleep(500 * ms)
		r.feeder.Hold()
		r.clock.Stop(time.Now())
		next := r.newBranch(2)
		r.feeder.Splice(next)
		go give(r.ctx, next, 1, 400*ms, 2*time.Second, 20*ms, high)
		time.Sleep(time.Minute)
		r.play()
		time.Sleep(3 * time.Second)
		got := heard(r.sink)
		spliced(t, got, low, high)
		if len(got) != frames(stereo, 2*time.Second) {
			t.Errorf("%d frames were heard, want those of 2s", len(got))
		}
		if got := r.monitor.Take().Spliced; got != 2 {
			t.Errorf("branch %d plays, want 2", got)
		}
	})
}

func TestSpliceToABranchThatStartsLater(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 3*time.Second, 20*ms, low)
		r.play()
		time.Sleep(500 * ms)
		next := r.newBranch(2)
		r.feeder.Splice(next)
		go give(r.ctx, next, 1, 1500*ms, 3*time.Second, 20*ms, high)
		time.Sleep(4 * time.Second)
		got := heard(r.sink)
		at := spliced(t, got, low, high)
		if when := time.Duration(at) * time.Second / 48000; (when - 1500*ms).Abs() > fade {
			t.Errorf("the new branch is heard from %v on, want 1.5s: until then the old one plays", when)
		}
		if len(got) != frames(stereo, 3*time.Second) {
			t.Errorf("%d frames were heard, want those of 3s", len(got))
		}
	})
}

func TestSpliceToABranchThatHasEnded(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 3*time.Second, 20*ms, low)
		r.play()
		time.Sleep(500 * ms)
		next := r.newBranch(2)
		go func() {
			give(r.ctx, next, 1, 0, 400*ms, 20*ms, high)
			next.pieces <- sound{epoch: 1}
		}()
		r.feeder.Splice(next)
		time.Sleep(time.Second)
		rep := r.monitor.Take()
		if rep.Spliced != 2 || rep.AudioEnded != 1 {
			t.Errorf("branch %d plays, ended in epoch %d, want 2 and 1", rep.Spliced, rep.AudioEnded)
		}
		got := heard(r.sink)
		want(t, got, 0, time.Duration(len(got))*time.Second/48000, low)
		if len(got) < frames(stereo, 500*ms) {
			t.Errorf("%d frames were heard: what was written already is played", len(got))
		}
	})
}

func TestSpliceAfterTheOldBranchEnded(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go func() {
			give(r.ctx, r.branch, 1, 0, 600*ms, 20*ms, low)
			r.branch.pieces <- sound{epoch: 1}
		}()
		r.play()
		time.Sleep(450 * ms)
		next := r.newBranch(2)
		r.feeder.Splice(next)
		time.Sleep(500 * ms) // meanwhile the old one has ended: media time is 950 ms
		go give(r.ctx, next, 1, 0, 2*time.Second, 20*ms, high)
		time.Sleep(3 * time.Second)
		pieces := r.sink.Heard()
		if len(pieces) != 2 {
			t.Fatalf("%d pieces of sound, want 2", len(pieces))
		}
		for i, h := range pieces {
			pts := time.Duration(int(sample(h.Data))-[]int{1, 20001}[i]) * time.Second / 48000
			late := h.At.Sub(r.began) - pts
			if i == 1 {
				late -= 800 * ms // count begins again every 200 ms
			}
			if late.Abs() > 10*ms {
				t.Errorf("piece %d is heard %v late", i, late)
			}
		}
	})
}

func TestLaterWishOvertakesASplice(t *testing.T) {
	for _, c := range []struct {
		name string
		back bool // to the branch that plays; else to a third one
		want int
	}{{"to a third branch", false, 3}, {"back to the one that plays", true, 0}} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, &null.AudioSink{}, func(r *rig) {
				go give(r.ctx, r.branch, 1, 0, 3*time.Second, 20*ms, low)
				r.play()
				time.Sleep(300 * ms)
				second := r.newBranch(2)
				r.feeder.Splice(second)
				time.Sleep(300 * ms) // nothing of it has come
				latest := r.newBranch(3)
				if c.back {
					latest = r.branch
				} else {
					go give(r.ctx, latest, 1, 0, 3*time.Second, 20*ms, high)
				}
				r.feeder.Splice(latest)
				go give(r.ctx, second, 1, 0, 3*time.Second, 20*ms, func(int) int16 { return -1 })
				time.Sleep(4 * time.Second)
				to := high
				if c.back {
					to = low
				}
				got := heard(r.sink)
				spliced(t, got, low, to)
				if len(got) != frames(stereo, 3*time.Second) {
					t.Errorf("%d frames were heard, want those of 3s", len(got))
				}
				if id := r.monitor.Take().Spliced; id != c.want {
					t.Errorf("branch %d took over, want %d", id, c.want)
				}
			})
		})
	}
}

// TestSeekDuringASplice: what the new branch decoded before the seek, its end
// included, does not count.
func TestSeekDuringASplice(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 700*ms, 20*ms, low)
		r.play()
		time.Sleep(300 * ms)
		next := r.newBranch(2)
		r.feeder.Splice(next)
		synctest.Wait()
		r.feeder.Flush(2, 5*time.Second)
		r.clock.Set(5 * time.Second)
		next.pieces <- sound{epoch: 1} // too late
		synctest.Wait()
		if id := r.monitor.Take().Spliced; id != 0 {
			t.Errorf("branch %d took over with the end of the epoch before the seek", id)
		}
		go give(r.ctx, r.branch, 2, 5*time.Second, 7*time.Second, 20*ms, low)
		synctest.Wait()
		r.play()
		time.Sleep(300 * ms)
		go give(r.ctx, next, 2, 5*time.Second, 7*time.Second, 20*ms, high)
		time.Sleep(3 * time.Second)
		got := heard(r.sink)
		shift := frames(stereo, 5*time.Second) - frames(stereo, 300*ms)
		spliced(t, got[frames(stereo, 300*ms):], func(i int) int16 { return low(i + shift + frames(stereo, 300*ms)) },
			func(i int) int16 { return high(i + shift + frames(stereo, 300*ms)) })
		if len(got) != frames(stereo, 2300*ms) {
			t.Errorf("%d frames were heard, want those of 2.3s", len(got))
		}
	})
}

// TestSpliceToTheBranchThatPlays: as when a wish is taken back before the feeder
// has seen it.
func TestSpliceToTheBranchThatPlays(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 2*time.Second, 20*ms, low)
		r.play()
		time.Sleep(300 * ms)
		r.feeder.Splice(r.newBranch(2))
		r.feeder.Splice(r.branch)
		time.Sleep(3 * time.Second)
		want(t, heard(r.sink), 0, 2*time.Second, low)
		if rep := r.monitor.Take(); rep.Gaps != 0 {
			t.Errorf("%d gaps", rep.Gaps)
		}
	})
}

// TestSpliceWhenTheOldBranchHasNothingMore: the old branch stalls, and the new
// one has sound for a place that media time has passed meanwhile.
func TestSpliceWhenTheOldBranchHasNothingMore(t *testing.T) {
	inBubble(t, &null.AudioSink{}, func(r *rig) {
		go give(r.ctx, r.branch, 1, 0, 500*ms, 20*ms, low) // and no end
		r.play()
		time.Sleep(200 * ms)
		next := r.newBranch(2)
		r.feeder.Splice(next)
		go give(r.ctx, next, 1, 900*ms, 3*time.Second, 20*ms, high)
		time.Sleep(4 * time.Second)
		if id := r.monitor.Take().Spliced; id != 2 {
			t.Errorf("branch %d plays, want 2", id)
		}
		got := heard(r.sink)
		if len(got) < frames(stereo, 2500*ms) {
			t.Errorf("%v of sound were heard", time.Duration(len(got))*time.Second/48000)
		}
	})
}
