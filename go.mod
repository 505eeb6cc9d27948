module smoothplay

go 1.26.0

require (
	github.com/Comcast/scte35-go v1.4.5
	github.com/Eyevinn/mp4ff v0.51.0
	github.com/asticode/go-astiav v0.16.0
	github.com/go-text/typesetting v0.3.5
	github.com/spf13/cobra v1.9.1
	github.com/spf13/pflag v1.0.6
	github.com/veandco/go-sdl2 v0.4.40
	golang.org/x/image v0.25.0
	golang.org/x/sync v0.12.0
)

require (
	github.com/asticode/go-astikit v0.42.0 // indirect
	github.com/bamiaux/iobit v0.0.0-20170418073505-498159a04883 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	golang.org/x/text v0.23.0 // indirect
)
