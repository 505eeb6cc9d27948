package player

import (
	"time"

	"smoothplay/player/event"
)

// Status is a session at one instant: a copy that the caller owns.
type Status struct {
	State    event.State
	Position time.Duration
	Duration time.Duration // 0: not known
	Start    time.Duration // of what is played: 0 but where Config.End bounds it
	Live     bool
	// WindowStart and Edge bound what can be played of a live presentation.
	WindowStart, Edge time.Duration
	Latency           time.Duration // of what is shown, behind the encoder; live only
	AtEdge            bool          // the playhead follows the edge
	MediaTime         time.Duration // Position on the encoder's own clock, see LiveStart
	Rate              float64       // of playing, as SetRate wants it
	Speed             float64       // of playing, the rate but for small corrections
	// BufferedTo is the end of what can be played without the network; Ranges
	// of it lie between BufferedFrom and BufferedTo.
	BufferedFrom, BufferedTo time.Duration
	BufferBytes              int64

	// Chapters are in order; nil: there are none.
	Chapters []Chapter

	Level      int // of the picture on the screen; -1: none yet
	Levels     []event.TrackLevel
	FetchLevel int // of the video fragment being fetched, or fetched last
	RenderCap  int
	// Limits are those that hold, and Allowed tells which levels they leave, by
	// index; nil: there is no video yet.
	Limits        Limits
	Allowed       []bool
	BandwidthBPS  int64
	Audio         []AudioChoice
	SelectedAudio int // index into Audio; -1: none
	Text          []TextChoice
	SelectedText  int // index into Text; -1: none
	// Angles are the camera angles, fewer than two where there is nothing to choose;
	// SelectedAngle is the index of the one shown, or chosen and about to be; -1:
	// none. Insets: the others stand in it.
	Angles        []AngleChoice
	SelectedAngle int
	Insets        bool
	Volume        float64
	Muted         bool

	Shown, Dropped, Decoded int
	Stalls                  int
	AVOffset                time.Duration // of the latest picture
	// Trouble is what last went wrong and was survived, "" where nothing did.
	Trouble string
}
