package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/platform"
	"smoothplay/platform/filestore"
)

// storeFlags say where is kept what sessions learn of networks and of this
// device.
type storeFlags struct {
	dir  string
	none bool
}

// register adds the flags; play has a store unless it is told otherwise, a
// measurement is to come out the same again and has none unless it is told.
func (f *storeFlags) register(cmd *cobra.Command, always bool) {
	addFlags(cmd, "What sessions learn", func(flags *pflag.FlagSet) {
		if !always {
			flags.StringVar(&f.dir, "store", "", "use and keep what is learned of networks and this device in the folder `DIR` (default: nothing)")
			return
		}
		flags.StringVar(&f.dir, "store", "", "keep what is learned of networks and this device in the folder `DIR` (default: in the user's cache)")
		flags.BoolVar(&f.none, "no-store", false, "use and keep nothing of it")
	})
}

// store is what the flags say; nil: there is none.
func (f *storeFlags) store() platform.Store {
	if f.none || f.dir == "" {
		return nil
	}
	return filestore.New(f.dir)
}

// storeOrCache is the same with the user's cache where no folder is named. The
// demo, which shows how levels are switched, does so anew each time.
func (f *storeFlags) storeOrCache(from *source) platform.Store {
	if f.none || f.dir != "" || from.demo {
		return f.store()
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil // a service without a home
	}
	return filestore.New(filepath.Join(cache, "smoothplay"))
}

// name is what the network is called whose bandwidth is remembered; "": as the
// device calls it. A link that is shaped is another one.
func (f *linkFlags) name() string {
	if f.shape == "" && f.trace == "" && f.latency == 0 {
		return ""
	}
	return "shaped " + f.shape + " " + f.trace + " " + f.latency.String()
}
