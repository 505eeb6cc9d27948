package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/httpclient"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
)

// source is where a presentation comes from.
type source struct {
	url    string           // of the manifest
	link   *httpclient.Link // nil: as it is
	title  string           // short, for the title of a window
	doer   platform.Doer
	header http.Header // to send with every request
	demo   bool        // it is the built-in demo
	stop   func()      // nil: nothing to stop
}

func (s *source) close() {
	if s.stop != nil {
		s.stop()
	}
}

// demoShape is the link over which the demo is played where no other is asked
// for: all four levels are seen within its 24 s.
var demoShape = httpclient.Shape{
	{Duration: 5 * time.Second, BPS: 4_000_000},
	{Duration: 5 * time.Second, BPS: 1_200_000},
	{Duration: 4 * time.Second, BPS: 600_000},
	{Duration: 5 * time.Second, BPS: 2_000_000},
}

// demoAhead is how much of the demo is gathered ahead where nothing else is
// asked for: little, so that what the link does is soon seen.
const demoAhead = 4 * time.Second

// openSource opens what a person named: a URL or a local path.
func openSource(name string, network *networkFlags) (*source, error) {
	link, err := network.link.link()
	if err != nil {
		return nil, usageError{err}
	}
	header, err := network.header()
	if err != nil {
		return nil, err
	}
	address := addressOf(name)
	client, err := network.client(address, link)
	if err != nil {
		return nil, err
	}
	s := &source{url: address, link: link, title: titleOf(name), doer: origin.Local(client), header: header}
	if strings.HasPrefix(strings.ToLower(address), "file://") {
		if err := s.checkLocal(name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// addressOf is the URL of what a person named: a URL or a local path.
func addressOf(name string) string {
	if strings.Contains(name, "://") {
		return name
	}
	return (&url.URL{Scheme: "file", Path: absolute(name)}).String()
}

// checkLocal tells what is wrong with a path on this machine, in the terms of
// files.
func (s *source) checkLocal(name string) error {
	req, err := http.NewRequest(http.MethodGet, s.url, nil)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", name, err)}
	}
	resp, err := s.doer.Do(req)
	if err != nil {
		return usageError{err}
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	// "no presentation at PATH: PATH holds several: file does not exist"
	_, reason, _ := strings.Cut(strings.TrimSuffix(string(body), ": file does not exist"), ": ")
	reason = strings.Replace(reason, strings.Trim(req.URL.Path, "/"), "it", 1)
	hint := "name an .ism or .ismc file, or a folder that holds a presentation"
	if _, err := os.Stat(req.URL.Path); err != nil {
		reason, hint = "there is no such file", "check the path"
		if !strings.Contains(name, "://") && !strings.HasPrefix(name, "/") {
			hint += "; a URL begins with http:// or https://"
		}
	}
	return &player.Error{Stage: event.StageUsage, Code: event.NoSuchFile, URL: name,
		Err: fmt.Errorf("%s: %s; %s", name, reason, hint)}
}

// openSourceOrDemo opens the one argument, or the built-in demo where there is
// none.
func openSourceOrDemo(args []string, network *networkFlags) (*source, error) {
	if len(args) > 0 {
		return openSource(args[0], network)
	}
	manifest, stop, err := demoOrigin()
	if err != nil {
		return nil, err
	}
	link, err := network.link.link()
	if err == nil && link == nil {
		link, err = httpclient.NewLink(demoShape, 0)
	}
	if err != nil {
		stop()
		return nil, usageError{err}
	}
	client, err := network.client(manifest, link)
	if err != nil {
		stop()
		return nil, err
	}
	return &source{url: manifest, link: link, title: "demo", doer: client, demo: true, stop: stop}, nil
}

// titleOf is what is worth reading of a URL or path: its last part that is not
// "Manifest".
func titleOf(name string) string {
	if u, err := url.Parse(name); err == nil && u.Path != "" {
		name = u.Path
	}
	name = strings.Trim(name, "/")
	if base := path.Base(name); strings.EqualFold(base, "manifest") {
		name = path.Dir(name)
	}
	return path.Base(name)
}
