package main

import (
	"fmt"
	"slices"
	"strings"
)

// importRules says who may import whom, in the manner of go/build's deps_test.
// It is a statement of policy: do not change it to make something build.
//
// "a, b < c, d" means that c and d may import a and b, and whatever a and b may
// import. A rule goes on until the semicolon. Beside what stands here, every
// package may import the standard library. Tests are bound by cgoTests below.
const importRules = `
	# The contracts: standard library only.
	NONE < platform, heuristics, player/manifest, player/cmcd, player/language, testdata/demo, cmd/repolint;

	# The switching heuristic knows itself alone; decisions are events.
	heuristics < heuristics/bandwidth, heuristics/renderload, heuristics/policy;
	heuristics, player/cmcd < player/event;

	# A device: drm and render know platform, and never the player.
	platform < platform/httpclient, platform/null, platform/linux, platform/filestore, platform/slow, platform/fallback;
	platform < drm/piff, drm/exchange < drm/playready < drm < drm/clearkey;
	drm/playready < drm/playready/toy;
	platform < render/ffmpeg;
	platform < render/overlay < render/sdl;

	# What is in a presentation, and what to fetch of it: decided purely.
	player/manifest < player/timeline;
	player/timeline, heuristics < player/schedule;
	platform, player/manifest < player/fragment;
	platform < player/text, player/buffer;
	NONE < player/trick;
	player/timeline < player/marker;

	# Acting on it.
	platform/httpclient, player/event, player/timeline < player/fetch;
	player/buffer, player/text, drm/piff < player/pipeline;
	platform < player/bitstream;
	player/event < player/scte35;
	player/bitstream, player/fetch, player/fragment, player/language, player/pipeline, player/schedule, player/marker, player/text, player/scte35, player/trick,
	heuristics/bandwidth, heuristics/renderload, heuristics/policy,
	drm, platform/httpclient, platform/null
	< player;

	# Beside the player, on the same parts. The player knows none of them.
	player/schedule, player/event, heuristics/bandwidth, heuristics/renderload, heuristics/policy < player/sim;
	player/event < player/report;
	player/fetch, player/fragment, player/language < player/save;
	player/fragment, player/timeline, drm/clearkey, drm/playready/toy, testdata/demo < player/origin;

	# Test support, which other than tests may not import (see testSupport).
	platform < platform/platformtest < testdata/demo/make;
	player, player/origin, platform/platformtest, platform/linux < player/playertest;

	# The binary wires everything.
	player, player/sim, player/report, player/save, player/origin, platform/linux, platform/filestore, platform/slow, platform/fallback,
	drm/clearkey, drm/playready, render/ffmpeg, render/sdl, render/overlay
	< cmd/smoothplay;
`

// testSupport may be imported by tests and by other test support alone.
var testSupport = []string{"platform/platformtest", "player/playertest", "testdata/demo/make"}

// cgoTests: a test may import every package of the project, but those that need
// FFmpeg or SDL only here. All others run without cgo.
var cgoTests = []string{"render", "cmd/smoothplay", "player/playertest", "player/pipeline", "testdata"}

// owner says which packages may import a module.
type owner struct {
	module string
	by     []string
}

// owners are the packages that may import a third-party module, by prefix of its
// path. Its types do not show in their exported declarations.
var owners = []owner{
	{"github.com/asticode/go-astiav", []string{"render/ffmpeg"}},
	{"github.com/veandco/go-sdl2", []string{"render/sdl"}},
	{"golang.org/x/sync", []string{"player"}},
	{"golang.org/x/image", []string{"render/overlay", "testdata/demo/make"}},
	{"github.com/go-text/typesetting", []string{"render/overlay"}},
	// Codec configuration in fragment; writing boxes elsewhere. The moof of a
	// stranger's server is never given to it.
	{mp4ff, []string{"player/fragment", "player/save", "player/origin", "testdata/demo/make"}},
	{"github.com/Comcast/scte35-go", []string{"player/scte35"}},
	{"github.com/spf13/cobra", []string{"cmd/smoothplay"}},
	{"github.com/spf13/pflag", []string{"cmd/smoothplay"}},
}

// mp4ff may also be imported by every test, as a second opinion.
const mp4ff = "github.com/Eyevinn/mp4ff"

// parseRules returns, for each package of the rules, what it may import.
func parseRules(text string) (map[string]map[string]bool, error) {
	may := map[string]map[string]bool{}
	var clean strings.Builder
	for line := range strings.Lines(text) {
		before, _, _ := strings.Cut(line, "#")
		clean.WriteString(before + " ")
	}
	for _, chain := range strings.Split(clean.String(), ";") {
		if strings.TrimSpace(chain) == "" {
			continue
		}
		groups := strings.Split(chain, "<")
		if len(groups) < 2 {
			return nil, fmt.Errorf("the rule %q has no <", strings.TrimSpace(chain))
		}
		var below []string
		for i, group := range groups {
			var names []string
			for _, name := range strings.Split(group, ",") {
				name = strings.TrimSpace(name)
				if name == "" || strings.ContainsAny(name, " \t\n") {
					return nil, fmt.Errorf("the rule %q names %q", strings.TrimSpace(chain), name)
				}
				names = append(names, name)
			}
			for _, name := range names {
				if i == 0 {
					if name != "NONE" && may[name] == nil {
						return nil, fmt.Errorf("the rule %q uses %s before a rule allows it anything", strings.TrimSpace(chain), name)
					}
					continue
				}
				if may[name] == nil {
					may[name] = map[string]bool{}
				}
				for _, b := range below {
					if b == "NONE" {
						continue
					}
					may[name][b] = true
					for deeper := range may[b] {
						may[name][deeper] = true
					}
				}
			}
			below = names
		}
	}
	return may, nil
}

// checkImports holds the project's packages against importRules.
func checkImports(t *tree) []finding {
	may, err := parseRules(importRules)
	if err != nil {
		return []finding{{"cmd/repolint/imports.go", err.Error()}}
	}
	var found []finding
	for _, pkg := range t.packages() {
		if may[pkg] == nil {
			found = append(found, finding{pkg, "the package stands in no rule of importRules"})
		}
	}
	for _, f := range t.files {
		for _, i := range f.imports {
			to, ok := local(i.path)
			switch {
			case !ok:
			case f.test:
				if under(to, "render/ffmpeg", "render/sdl") && !under(f.pkg, cgoTests...) {
					found = append(found, t.at(i.pos, "tests of %s run without cgo and must not import %s", f.pkg, to))
				}
			case may[f.pkg] != nil && !may[f.pkg][to] && !slices.Contains(testSupport, to):
				found = append(found, t.at(i.pos, "%s must not import %s", f.pkg, to))
			}
		}
	}
	return found
}

// checkTestSupport keeps test support out of the program.
func checkTestSupport(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		for _, i := range f.imports {
			if to, ok := local(i.path); ok && !f.test && slices.Contains(testSupport, to) && !slices.Contains(testSupport, f.pkg) {
				found = append(found, t.at(i.pos, "%s imports %s, which is for tests alone", f.pkg, to))
			}
		}
	}
	return found
}

// checkThirdParty gives each third-party module its owner.
func checkThirdParty(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		for _, i := range f.imports {
			host, _, _ := strings.Cut(i.path, "/")
			if !strings.Contains(host, ".") {
				continue // of the standard library or the project
			}
			n := slices.IndexFunc(owners, func(o owner) bool { return under(i.path, o.module) })
			switch {
			case n < 0:
				found = append(found, t.at(i.pos, "%s is of a module without an owner", i.path))
			case slices.Contains(owners[n].by, f.pkg), f.test && under(i.path, mp4ff):
			default:
				found = append(found, t.at(i.pos, "%s must not import %s, which belongs to %s",
					f.pkg, i.path, strings.Join(owners[n].by, ", ")))
			}
		}
	}
	return found
}

// checkCgo keeps cgo in render.
func checkCgo(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		for _, i := range f.imports {
			if i.path == "C" && !under(f.pkg, "render") {
				found = append(found, t.at(i.pos, "%s uses cgo", f.pkg))
			}
		}
	}
	return found
}
