// Package schedule decides what to fetch and when, and does nothing itself:
// the control loop of the player and the simulator carry out its answers.
//
//	(timeline, buffers, transfers, goals) = View --Next--> Fetch | Wait | End
//
// Which level a chunk is fetched at is the business of the policy, asked once
// Next has said Fetch. Spare says when the link is free for better copies of what
// is buffered already.
package schedule
