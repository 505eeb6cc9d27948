//go:build !race

package piff

const raceDetector = false
