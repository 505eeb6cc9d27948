package manifest

// Limits bounds what [Parse] takes from a stranger. A field that is zero or
// negative means its default; a document beyond a limit is an [ErrTooLarge].
type Limits struct {
	Bytes     int64 // of the document as received; default 16 MiB
	Depth     int   // of nested elements; default 32
	Streams   int   // StreamIndex elements; default 256
	Levels    int   // QualityLevel elements of all streams together; default 4096
	Chunks    int   // of all streams together, repetitions (r) counted; default 4194304
	CodecData int   // bytes of one decoded CodecPrivateData or WaveFormatEx; default 65536
	Embedded  int   // inline payloads and markers of all streams together; default 65536
}

// maxAttributes bounds the attributes of one element.
const maxAttributes = 256

// maxWarnings bounds Presentation.Warnings; one more line says that there were more.
const maxWarnings = 64

func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	if l.Bytes <= 0 {
		l.Bytes = 16 << 20
	}
	set(&l.Depth, 32)
	set(&l.Streams, 256)
	set(&l.Levels, 4096)
	set(&l.Chunks, 4<<20)
	set(&l.CodecData, 64<<10)
	set(&l.Embedded, 64<<10)
	return l
}
