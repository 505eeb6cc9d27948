package player

import "smoothplay/player/event"

// verdict is what a state does with a command.
type verdict uint8

const (
	refuse verdict = iota // ErrState
	accept                // carried out
	ignore                // nothing to do: no error
	later                 // kept, and carried out when the presentation is open
)

// commandKind names a command.
type commandKind uint8

const (
	cmdOpen commandKind = iota
	cmdPlay
	cmdPause
	cmdStop
	cmdSeek
	cmdSelectAudio
	cmdSelectText
	cmdSetLimits
	cmdSetVolume
	cmdMute
	cmdGoLive
	cmdReplay
	cmdSetRate
	cmdStep
	cmdSelectVideo
	cmdShowInsets
	numCommands
)

// commandNames are for tests and messages.
var commandNames = [numCommands]string{"Open", "Play", "Pause", "Stop", "Seek", "SelectAudio", "SelectText", "SetLimits", "SetVolume", "Mute", "GoLive", "Replay", "SetRate", "Step", "SelectVideo", "ShowInsets"}

// String returns the name of the method.
func (k commandKind) String() string { return commandNames[k] }

// table says what each state does with each command: the whole truth about
// when a method of Player works.
var table = map[event.State][numCommands]verdict{
	//                   Open    Play    Pause   Stop    Seek    SelAud  SelText Limits  Volume  Mute    GoLive  Replay  Rate    Step    SelVid  Insets
	event.Opening:      {accept, later, later, accept, later, later, later, accept, accept, accept, later, later, later, later, later, accept},
	event.AcquiringKey: {accept, later, later, accept, later, later, later, accept, accept, accept, later, later, later, later, later, accept},
	event.Buffering:    {accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept},
	event.Playing:      {accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept},
	event.Paused:       {accept, accept, ignore, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept},
	event.Seeking:      {accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept},
	event.Stopped:      {refuse, refuse, refuse, ignore, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse},
	event.Ended:        {accept, accept, ignore, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept, accept},
	event.Failed:       {refuse, refuse, refuse, ignore, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse, refuse},
}
