package player

import "context"

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
