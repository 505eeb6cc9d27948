package player

import (
	"context"
	"strings"
)

// Tell puts among the events what went wrong outside of the player and does not
// end the session, such as a line of a script that nobody can carry out. Playing
// goes on as it is.
func (p *Player) Tell(ctx context.Context, e *Error) error {
	select {
	case <-p.running:
	default:
		return ErrNotRunning
	}
	select {
	case p.inbox <- message{trouble: e}:
		return nil
	case <-p.ended:
		return ErrNotRunning
	case <-ctx.Done():
		return ctx.Err()
	}
}

// FindAudio is the index into s.Audio of the first stream of a language (a code
// of BCP 47 or ISO 639) or name; -1: there is none.
func (s *Status) FindAudio(want string) int {
	for i, a := range s.Audio {
		if sameLanguage(want, a.Language) || strings.EqualFold(want, a.Name) {
			return i
		}
	}
	return -1
}
