package player

import (
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/buffer"
	"smoothplay/player/fetch"
	"smoothplay/player/timeline"
	"smoothplay/player/trick"
)

// inboxRoom is how many messages may wait for the control loop before those who
// send one wait too.
const inboxRoom = 64

// message is what the control loop is told: exactly one field is set.
type message struct {
	command  *command
	manifest *manifestAnswer
	info     *infoAnswer
	probe    *probeAnswer
	progress *progress
	transfer *transferAnswer
	text     *textAnswer
	key      *keyAnswer
	datum    *datumAnswer
	clip     *clipAnswer
	trouble  *Error // see Tell
	// thumbnail is a call of Player.Thumbnail, and fetchedThumbnail its end.
	thumbnail        *thumbnailRequest
	fetchedThumbnail *fetchedThumbnail
	// remembered is what a worker found in the Store.
	remembered *remembered
}

// order is the place of a message among those that wait together: what was
// received before what is wanted, so that a command meets the latest state.
func (m message) order() int {
	switch {
	case m.remembered != nil:
		return -1
	case m.manifest != nil:
		return 0
	case m.fetchedThumbnail != nil, m.info != nil, m.probe != nil, m.key != nil, m.datum != nil, m.clip != nil:
		return 1
	case m.progress != nil:
		return 1 + 2*m.progress.job.track.id
	case m.transfer != nil:
		return 2 + 2*m.transfer.job.track.id
	case m.text != nil:
		return 1 << 29
	}
	return 1 << 30
}

// command is a call of a method of Player. answer has room for one error.
type command struct {
	kind   commandKind
	url    string
	to     time.Duration
	mode   SeekMode
	index  int
	name   string
	limits Limits
	volume float64
	on     bool
	rate   float64
	steps  int
	clip   *Clip
	answer chan error
}

// manifestAnswer is the end of one attempt to get the manifest.
type manifestAnswer struct {
	opening  int // which Open it belongs to
	attempt  int
	refresh  bool // of what is played
	got      *fetch.Manifest
	elapsed  time.Duration
	snap     *timeline.Snapshot
	err      error    // of the transfer, or of the parser
	troubles []*Error // what could not be merged
}

// progress tells that bytes of a transfer arrived.
type progress struct {
	job   *job
	bytes int64
	size  int64
	first time.Duration // from the request to the first byte
	now   time.Duration // from the request to this message
}

// transferAnswer is the end of one transfer of a fragment.
type transferAnswer struct {
	job    *job
	result fetch.Result
	// fragment is nil where err is not; of a live presentation it has news, of an
	// encrypted fragment the cipher.
	fragment *buffer.Fragment // that came, until the queue has it
	news     *news
	cipher   *cipher
	err      error
}

// job is one transfer of a fragment. All but the last fields are immutable; the
// last belong to the control loop.
type job struct {
	track   *track
	chunk   timeline.Chunk
	level   int
	attempt int
	url     string
	asked   time.Duration // since the session began
	cancel  func()
	edge    bool // the chunk was only announced
	timely  bool // asked for as soon as it could be there
	origin  int  // that was asked

	// replaces: the fragment is to take the place of one that is buffered, and is
	// of no use after deadline.
	replaces bool
	deadline time.Duration

	// Of winding: the places to be shown, none of an ordinary job; the noun, "" for
	// the whole fragment; and what came of it.
	points   []time.Duration
	plan     trick.Plan
	noun     string
	fragment *buffer.Fragment
	shots    []buffer.Shot // nil: it is under way

	abandoned    bool
	bytes        int64 // received so far
	size         int64
	first, spent time.Duration
	othersBefore int64 // bytes that other tracks had received when it began
	marks        []heuristics.Mark
}
