package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/platform/slow"
	"smoothplay/player"
	"smoothplay/player/event"
)

// session plays session n, from 1, with a link, connections and a log of its
// own. The Summary is nil where nothing was played.
func (m *measurement) session(ctx context.Context, n int) (summary *event.Summary, err error) {
	e, flags := m.e, m.flags
	source, err := openSourceOrDemo(m.args, &flags.network)
	if err != nil {
		return nil, err
	}
	defer source.close()
	config, err := flags.session.config(source)
	if err != nil {
		return nil, err
	}
	keys, err := flags.keys.provider()
	if err != nil {
		return nil, err
	}
	decoders, err := flags.decoding.decoders(flags.nullDecoders)
	if err != nil {
		return nil, err
	}
	config.Passthrough = flags.decoding.passthrough
	config.CMCD = flags.network.cmcd.config()
	config.Network = flags.network.link.name()
	config.Loop = flags.loop
	config.Logger = e.log
	config.Usage = usageFromNow()
	if !flags.nullDecoders && !hasDecoders && n == 1 {
		fmt.Fprintln(e.stderr, "smoothplay: "+noDecoders)
	}
	var recorder *linkRecorder
	if flags.recordTrace != "" {
		recorder = &linkRecorder{doer: source.doer}
		source.doer = recorder
	}
	events, err := openEvents(e, numbered(flags.events, n, flags.repeat))
	if err != nil {
		return nil, err
	}
	var run *scriptRun
	news := newNews()
	sinks := []event.Sink{events.sink(), m.report.sink(), news}
	if m.script != nil {
		run = newScriptRun(m.script, &stage{link: source.link, limits: config.Limits})
		sinks = append(sinks, run)
	}
	config.Events = event.Tee(sinks...)
	if flags.events != "" || flags.report != "" {
		config.GaugesEvery = gaugesEvery
	}
	p, err := player.New(m.device(source, keys, decoders), config)
	if err != nil {
		events.close()
		return nil, usageError{err}
	}
	if flags.limit > 0 {
		timer := time.AfterFunc(time.Duration(flags.limit), func() { p.Stop(ctx) })
		defer timer.Stop()
	}
	stopStatus := showStatus(e.stderr, p, news, m.which(n))
	stopScript := run.start(ctx, p)
	err = failureOf(ctx, p.Run(ctx))
	stopScript()
	stopStatus()
	err = errors.Join(err, run.result(e), events.close())
	if recorder != nil {
		err = errors.Join(err, recorder.write(numbered(flags.recordTrace, n, flags.repeat)))
	}
	return p.Summary(), err
}

// device is what a measurement plays on.
func (m *measurement) device(from *source, keys platform.KeyProvider, decoders platform.Decoders) platform.Device {
	if m.slow != nil {
		decoders = &slow.Decoders{Decoders: decoders, Factor: m.slow.At}
	}
	return platform.Device{
		HTTP:     from.doer,
		Decoders: decoders,
		Video:    &null.VideoSink{},
		Audio:    &null.AudioSink{},
		Load:     loadMeter(),
		Store:    m.flags.store.store(),
		Keys:     keys,
	}
}

// which says which session is being played, where there are several.
func (m *measurement) which(n int) string {
	if m.flags.repeat == 1 {
		return ""
	}
	return fmt.Sprintf("%d/%d  ", n, m.flags.repeat)
}

// numbered is the name of a file of session n of several: run-3.jsonl of
// run.jsonl.
func numbered(name string, n, of int) string {
	if name == "" || of == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
}

// usageFromNow is usage without the processor time spent before.
func usageFromNow() func() (time.Duration, int64) {
	before, _ := usage()
	return func() (time.Duration, int64) {
		cpu, peak := usage()
		return cpu - before, peak
	}
}
