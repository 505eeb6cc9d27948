package main

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/heuristics/policy"
	"smoothplay/platform/httpclient"
	"smoothplay/player"
)

// sessionFlags say what to play of a presentation, and how.
type sessionFlags struct {
	start, end       timeValue
	merge            []string
	rate             float64
	noVideo, noAudio bool
	languages, texts []string
	ads              string
	angle            string
	angles           player.AnglesAhead

	policy, policyConfig         string
	minRate, maxRate, startRate  rateValue
	maxSize                      boxValue
	levels                       levelsValue
	ahead, begin, resume, behind timeValue
	bytes                        sizeValue
	appendQuery                  bool
	live                         playLiveFlags
}

func (f *sessionFlags) register(cmd *cobra.Command) {
	addFlags(cmd, "What to play", func(flags *pflag.FlagSet) {
		flags.Var(&f.start, "start", "begin at this `time`")
		flags.StringArrayVar(&f.merge, "merge", nil, "`URL` of a manifest whose text, audio and markers are added; repeatable")
		flags.Var(&f.end, "end", "end exactly at this `time`, and play nothing before --start; of what is not live")
		flags.Float64Var(&f.rate, "rate", 1, "`factor` to play at, from 0.25 to 64, negative for backwards; up to 2 there is sound")
		flags.BoolVar(&f.noVideo, "no-video", false, "leave the video out; nothing of it is fetched")
		flags.BoolVar(&f.noAudio, "no-audio", false, "leave the audio out; nothing of it is fetched")
		flags.StringSliceVar(&f.languages, "alang", nil, "audio wanted, best first: `languages`, names or roles, as en,de or en:description")
		flags.StringVar(&f.angle, "angle", "", "begin with the camera angle of this `name` (default: the first)")
		flags.Var(anglesValue{&f.angles}, "angles", "camera angles to fetch ahead, to be there at once: `neighbours`, all or none")
		flags.StringSliceVar(&f.texts, "slang", nil, "captions wanted, best first, likewise: en-US,eng:subtitle (default: none)")
		flags.StringVar(&f.ads, "ads", "", "play the clips that `FILE` schedules, as JSON: see the README")
	})
	addFlags(cmd, "Live presentations", f.live.register)
	addFlags(cmd, "Switching between levels", func(flags *pflag.FlagSet) {
		flags.StringVar(&f.policy, "policy", "", "switching policy, by `name`: "+strings.Join(policy.Names(), ", "))
		flags.StringVar(&f.policyConfig, "policy-config", "", "settings of the policy smooth2009 in `FILE`, a SmoothStreamingConfig.xml")
		flags.Var(&f.minRate, "min-bitrate", "play no video level below this `rate`")
		flags.Var(&f.maxRate, "max-bitrate", "play no video level above this `rate`")
		flags.Var(&f.startRate, "start-bitrate", "begin with the best video level up to this `rate`")
		flags.Var(&f.maxSize, "max-size", "play no larger pictures than `WxH`, or 720p")
		flags.Var(&f.levels, "levels", "play only these video `levels`: 0,2,4 counts from the lowest, 1M-3M and -720p are ranges")
	})
	addFlags(cmd, "Buffer", func(flags *pflag.FlagSet) {
		flags.Var(&f.ahead, "buffer", "`time` to gather ahead (default 30s)")
		flags.Var(&f.begin, "buffer-start", "`time` to gather before playing begins (default 1s)")
		flags.Var(&f.resume, "buffer-resume", "`time` to gather after a stall (default 4s)")
		flags.Var(&f.behind, "buffer-back", "`time` to keep for seeks back (default 10s)")
		flags.Var(&f.bytes, "buffer-size", "largest `size` of all that is buffered (default 64MiB)")
	})
}

// config is what the flags say, as a player.Config for a source.
func (f *sessionFlags) config(from *source) (player.Config, error) {
	if f.noVideo && f.noAudio {
		return player.Config{}, usageError{errors.New("--no-video and --no-audio together leave nothing to play")}
	}
	if f.maxRate > 0 && f.minRate > f.maxRate {
		return player.Config{}, usageError{fmt.Errorf("--min-bitrate %v is above --max-bitrate %v", &f.minRate, &f.maxRate)}
	}
	if size := math.Abs(f.rate); !(size >= player.SlowestRate && size <= player.FastestRate) {
		return player.Config{}, usageError{fmt.Errorf("--rate %v cannot be played: give a factor from %v to %v, negative for backwards", f.rate, player.SlowestRate, player.FastestRate)}
	}
	made, err := f.smoothPolicy()
	if err != nil {
		return player.Config{}, usageError{err}
	}
	live, err := f.live.live()
	if err != nil {
		return player.Config{}, usageError{err}
	}
	fallbacks, err := f.live.others()
	if err != nil {
		return player.Config{}, usageError{err}
	}
	var merge []string
	for _, name := range f.merge {
		merge = append(merge, addressOf(name))
	}
	ahead := time.Duration(f.ahead)
	if ahead == 0 && from.demo {
		ahead = demoAhead
	}
	cfg := player.Config{
		URL:            from.url,
		Fallbacks:      fallbacks,
		Header:         from.header,
		Start:          time.Duration(f.start),
		End:            time.Duration(f.end),
		Merge:          merge,
		Rate:           f.rate,
		NoVideo:        f.noVideo,
		NoAudio:        f.noAudio,
		AudioLanguages: f.languages,
		TextLanguages:  f.texts,
		Angle:          f.angle,
		Angles:         f.angles,
		Policy:         f.policy,
		NewPolicy:      made,
		Limits: player.Limits{
			MinBPS: int64(f.minRate), MaxBPS: int64(f.maxRate), StartBPS: int64(f.startRate),
			MaxWidth: f.maxSize.width, MaxHeight: f.maxSize.height, Levels: player.LevelSet(f.levels),
		},
		Live:        live,
		BufferAhead: ahead, BufferStart: time.Duration(f.begin),
		BufferResume: time.Duration(f.resume), BufferBehind: time.Duration(f.behind),
		BufferBytes: int64(f.bytes),
		AppendQuery: f.appendQuery,
		Versions:    versions(),
	}
	if err := readAds(f.ads, &cfg); err != nil {
		return player.Config{}, usageError{err}
	}
	return cfg, nil
}

// networkFlags say how servers are reached.
type networkFlags struct {
	headers, cookies            []string
	userAgent, proxy            string
	roots, certificate, certKey string
	link                        linkFlags
	cmcd                        cmcdFlags
}

func (f *networkFlags) register(cmd *cobra.Command, session *sessionFlags) {
	addFlags(cmd, "Network", func(flags *pflag.FlagSet) {
		flags.StringArrayVar(&f.headers, "header", nil, "send `\"NAME: VALUE\"` with every request; repeatable")
		flags.StringArrayVar(&f.cookies, "cookie", nil, "send the cookie `NAME=VALUE` to the host of the URL; repeatable")
		flags.StringVar(&f.userAgent, "user-agent", "", "`text` to send as User-Agent")
		flags.StringVar(&f.proxy, "proxy", "", "proxy `URL`, or direct for none (default: from the environment)")
		flags.StringVar(&f.roots, "cacert", "", "trust the certificates in `FILE` (PEM) too")
		flags.StringVar(&f.certificate, "cert", "", "client certificate in `FILE` (PEM)")
		flags.StringVar(&f.certKey, "cert-key", "", "key of the client certificate in `FILE` (PEM)")
		if session == nil {
			return
		}
		flags.BoolVar(&session.appendQuery, "append-query", false, "send the query of the manifest's URL with every fragment")
		f.link.register(flags)
		f.cmcd.register(flags)
	})
}

// header is what --header adds to every request.
func (f *networkFlags) header() (http.Header, error) {
	header := http.Header{}
	for _, line := range f.headers {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, " \t\r\n") || strings.ContainsAny(value, "\r\n") {
			return nil, usageError{errors.New(`--header: write it as "NAME: VALUE"`)}
		}
		header.Add(name, strings.TrimSpace(value))
	}
	return header, nil
}

// client makes the HTTP client for a presentation at rawURL. link may be nil.
func (f *networkFlags) client(rawURL string, link *httpclient.Link) (*httpclient.Client, error) {
	jar, err := f.jar(rawURL)
	if err != nil {
		return nil, usageError{err}
	}
	client, err := httpclient.New(httpclient.Config{
		UserAgent: f.userAgent, Cookies: jar, Proxy: f.proxy,
		RootsFile: f.roots, CertFile: f.certificate, KeyFile: f.certKey,
		Link: link,
	})
	if err != nil {
		return nil, usageError{err}
	}
	return client, nil
}

// jar holds the cookies of the flags, for the host of rawURL.
func (f *networkFlags) jar(rawURL string) (http.CookieJar, error) {
	jar, err := cookiejar.New(nil)
	if err != nil || len(f.cookies) == 0 {
		return jar, err
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("--cookie: the URL names no host to send a cookie to")
	}
	u.Path = "/"
	for _, text := range f.cookies {
		cookies, err := http.ParseCookie(text)
		if err != nil {
			return nil, errors.New("--cookie: write it as NAME=VALUE")
		}
		jar.SetCookies(u, cookies)
	}
	return jar, nil
}

// linkFlags describe a network link that is slower than the real one.
type linkFlags struct {
	shape, trace string
	latency      timeValue
	changes      bool // there is to be a link in any case: it will change
}

func (f *linkFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.shape, "shape", "", "slow the link down: `\"8M:30s,1M:30s\"` is 8 Mbit/s for 30 s, 1 Mbit/s for 30 s, and so on")
	flags.StringVar(&f.trace, "trace", "", "slow the link down as `FILE` says: lines of milliseconds,kbit/s[,latency in ms]")
	flags.Var(&f.latency, "latency", "add this `time` to every round trip")
}

// link is the network link that the flags describe; nil: as it is.
func (f *linkFlags) link() (*httpclient.Link, error) {
	var shape httpclient.Shape
	switch {
	case f.shape != "" && f.trace != "":
		return nil, errors.New("--shape and --trace exclude each other")
	case f.shape != "":
		var err error
		if shape, err = httpclient.ParseShape(f.shape); err != nil {
			return nil, fmt.Errorf("--%w", err)
		}
	case f.trace != "":
		file, err := os.Open(f.trace)
		if err != nil {
			return nil, fmt.Errorf("--trace: %w", err)
		}
		defer file.Close()
		if shape, err = httpclient.ParseTrace(file); err != nil {
			return nil, fmt.Errorf("--%w (in %s)", err, f.trace)
		}
	case f.latency == 0 && !f.changes:
		return nil, nil
	}
	link, err := httpclient.NewLink(shape, time.Duration(f.latency))
	if err != nil {
		return nil, fmt.Errorf("--latency: %w", err)
	}
	return link, nil
}
