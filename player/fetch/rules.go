package fetch

import "time"

// row is one rule: for failures of a class, of a status from low to high where
// high is not 0, at a place. The first row that fits holds.
//
// The first tries failures get do, each after a pause that doubles from first to
// most; where most is 0 it is the duration of a chunk. Then comes another level,
// if levels says so and one is left; then last.
type row struct {
	what        string
	class       Class
	low, high   int
	place       place
	tries       int
	do          Kind
	first, most time.Duration
	levels      bool
	last        Kind
	refresh     bool // the manifest, with every fifth failure and with last
}

// place is where in a presentation a row holds.
type place uint8

const (
	anywhere place = iota
	edge           // live, and the chunk may not exist yet
	behind         // live, and it should
	alone          // where no other level is left to try
	low            // little is buffered
	dried          // nothing is any more, where a moment ago little was
	dry            // nothing is, and nobody answers for long
)

// forever is more attempts than anybody makes.
const forever = int(^uint(0) >> 1)

const ms = time.Millisecond

const (
	// soonBack is for how long a silence may be a short one, for which somebody waits:
	// pauses are short then.
	soonBack = time.Minute
	// longAway is how long one lasts that may go on for hours.
	longAway = 2 * time.Minute
)

// fragmentRows are the rules for fragments. [MS-SSTR] 3.1.5.2 leaves the policy
// open; this one comes of 2.2.6 and of what clients of live streams learned: a
// fragment that is not there yet is no reason to change the level, a network
// that is gone ends nothing, and where a server fails with one fragment, others
// may still be had.
//
//	failure                               class      status   where              at first       pause         then
//	not there yet                         status     412      live, at the edge  wait for ever  a chunk       refresh
//	not there yet, as some say it         status     404      live, at the edge  wait for ever  a chunk       refresh
//	late at the origin                    status     412      live, behind it    wait 3 times   a chunk       skip, refresh
//	gone from the window                  status     410      live, behind it                                 skip, refresh
//	who are you                           status     401                                                      fail
//	not for you; of some stores: no such  status     403                                                      other level, then fail
//	not through this proxy                status     407                                                      fail
//	too slow for the server               status     408                         retry 3 times  250ms to 2s   other level, then skip
//	too early, too many                   status     425-429                     wait 5 times   1s to 8s      other level, then skip
//	not for this country                  status     451                                                      fail
//	no such fragment on any level         status     404      on the last level  retry 1 times  250ms         skip
//	no such fragment                      status     400-499                                                  other level, then skip
//	origin or edge in trouble             status     500-599                     retry 3 times  250ms to 2s   other level, then skip
//	nothing in it                         status     other                                                    other level, then skip
//	cut off                               truncated                              retry 3 times  100ms to 1s   other level, then skip
//	not the fragment                      malformed                              retry 1 times  100ms         other level, then skip
//	too large                             too large                                                           other level, then skip
//	no network, and little left to play   offline             little buffered    wait for ever  250ms to 1s
//	no network, and nothing left          offline             no longer          wait for ever  250ms to 2s
//	no network for minutes                offline             not for minutes    wait for ever  250ms to 10s
//	no network                            offline                                wait for ever  250ms to 5s
//	no answer, or it stands still         timeout                                wait 2 times   250ms to 5s   other level, then wait
//	never going to work                   bad                                                                 other level, then fail
//	no longer wanted                      cancelled                                                           fail
var fragmentRows = []row{
	{what: "not there yet", class: Status, low: 412, high: 412, place: edge, tries: forever, do: Wait, refresh: true},
	{what: "not there yet, as some say it", class: Status, low: 404, high: 404, place: edge, tries: forever, do: Wait, refresh: true},
	{what: "late at the origin", class: Status, low: 412, high: 412, place: behind, tries: 3, do: Wait, last: Skip, refresh: true},
	{what: "gone from the window", class: Status, low: 410, high: 410, place: behind, last: Skip, refresh: true},

	{what: "who are you", class: Status, low: 401, high: 401, last: Fail},
	{what: "not for you; of some stores: no such", class: Status, low: 403, high: 403, levels: true, last: Fail},
	{what: "not through this proxy", class: Status, low: 407, high: 407, last: Fail},
	{what: "too slow for the server", class: Status, low: 408, high: 408, tries: 3, do: Retry, first: 250 * ms, most: 2000 * ms, levels: true, last: Skip},
	{what: "too early, too many", class: Status, low: 425, high: 429, tries: 5, do: Wait, first: 1000 * ms, most: 8000 * ms, levels: true, last: Skip},
	{what: "not for this country", class: Status, low: 451, high: 451, last: Fail},
	{what: "no such fragment on any level", class: Status, low: 404, high: 404, place: alone, tries: 1, do: Retry, first: 250 * ms, most: 250 * ms, last: Skip},
	{what: "no such fragment", class: Status, low: 400, high: 499, levels: true, last: Skip},
	{what: "origin or edge in trouble", class: Status, low: 500, high: 599, tries: 3, do: Retry, first: 250 * ms, most: 2000 * ms, levels: true, last: Skip},
	{what: "nothing in it", class: Status, levels: true, last: Skip},

	{what: "cut off", class: Truncated, tries: 3, do: Retry, first: 100 * ms, most: 1000 * ms, levels: true, last: Skip},
	{what: "not the fragment", class: Malformed, tries: 1, do: Retry, first: 100 * ms, most: 100 * ms, levels: true, last: Skip},
	{what: "too large", class: TooLarge, levels: true, last: Skip},

	{what: "no network, and little left to play", class: Offline, place: low, tries: forever, do: Wait, first: 250 * ms, most: 1000 * ms},
	{what: "no network, and nothing left", class: Offline, place: dried, tries: forever, do: Wait, first: 250 * ms, most: 2000 * ms},
	{what: "no network for minutes", class: Offline, place: dry, tries: forever, do: Wait, first: 250 * ms, most: 10_000 * ms},
	{what: "no network", class: Offline, tries: forever, do: Wait, first: 250 * ms, most: 5000 * ms},
	{what: "no answer, or it stands still", class: Timeout, tries: 2, do: Wait, first: 250 * ms, most: 5000 * ms, levels: true, last: Wait},

	{what: "never going to work", class: Bad, levels: true, last: Fail},
	{what: "no longer wanted", class: Cancelled, last: Fail},
}

// manifestRows are the rules for the manifest of a presentation that is being
// opened. Somebody waits: what cannot be had is said within a few seconds.
//
//	failure                       class      status   where  at first       pause           then
//	too slow for the server       status     408             retry 2 times  300ms to 1s     fail
//	too early, too many           status     425-429         retry 2 times  1s to 2s        fail
//	origin or edge in trouble     status     500-599         retry 2 times  300ms to 1s     fail
//	no manifest there             status     other                                          fail
//	cut off                       truncated                  retry 2 times  100ms to 500ms  fail
//	not a manifest                malformed                                                 fail
//	too large                     too large                                                 fail
//	nobody there                  offline                    retry 2 times  300ms to 1s     fail
//	no answer, after a long wait  timeout                                                   fail
//	never going to work           bad                                                       fail
//	no longer wanted              cancelled                                                 fail
var manifestRows = []row{
	{what: "too slow for the server", class: Status, low: 408, high: 408, tries: 2, do: Retry, first: 300 * ms, most: 1000 * ms, last: Fail},
	{what: "too early, too many", class: Status, low: 425, high: 429, tries: 2, do: Retry, first: 1000 * ms, most: 2000 * ms, last: Fail},
	{what: "origin or edge in trouble", class: Status, low: 500, high: 599, tries: 2, do: Retry, first: 300 * ms, most: 1000 * ms, last: Fail},
	{what: "no manifest there", class: Status, last: Fail},
	{what: "cut off", class: Truncated, tries: 2, do: Retry, first: 100 * ms, most: 500 * ms, last: Fail},
	{what: "not a manifest", class: Malformed, last: Fail},
	{what: "too large", class: TooLarge, last: Fail},
	{what: "nobody there", class: Offline, tries: 2, do: Retry, first: 300 * ms, most: 1000 * ms, last: Fail},
	{what: "no answer, after a long wait", class: Timeout, last: Fail},
	{what: "never going to work", class: Bad, last: Fail},
	{what: "no longer wanted", class: Cancelled, last: Fail},
}

func next(rows []row, f Failure, jitter float64) Action {
	for _, r := range rows {
		if r.fits(f) {
			return r.action(f, jitter)
		}
	}
	return Action{Kind: Fail}
}

func (r *row) fits(f Failure) bool {
	if r.class != f.Class || r.high > 0 && (f.Status < r.low || f.Status > r.high) {
		return false
	}
	switch r.place {
	case edge:
		return f.Live && f.NearEdge
	case behind:
		return f.Live && !f.NearEdge
	case alone:
		return !f.OtherLevels
	case low:
		return f.Low && !f.Dry && f.Silent < soonBack
	case dried:
		return f.Low && f.Silent < soonBack
	case dry:
		return f.Dry && f.Silent >= longAway
	}
	return true
}

func (r *row) action(f Failure, jitter float64) Action {
	a := Action{Kind: r.do, Refresh: r.refresh && f.Attempt%5 == 0}
	if f.Attempt > r.tries {
		if r.levels && f.OtherLevels {
			return Action{Kind: OtherLevel}
		}
		a = Action{Kind: r.last, Refresh: r.refresh}
	}
	if a.Kind == Retry || a.Kind == Wait {
		a.After = max(r.pause(f, jitter), f.RetryAfter)
	}
	return a
}

// pause doubles with every attempt.
func (r *row) pause(f Failure, jitter float64) time.Duration {
	d := r.most
	if d == 0 {
		if d = f.ChunkDuration; d <= 0 {
			d = 2 * time.Second
		}
	}
	if r.first > 0 && f.Attempt <= 16 {
		d = min(d, r.first<<max(f.Attempt-1, 0))
	}
	return d/2 + time.Duration(float64(d-d/2)*min(max(jitter, 0), 1))
}
