//go:build race

package piff

const raceDetector = true // under which pools forget on purpose
