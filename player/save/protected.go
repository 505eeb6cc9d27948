package save

import (
	"encoding/binary"
	"encoding/hex"
	"math"

	"smoothplay/platform"
	"smoothplay/player/fragment"
)

// description is how the samples of a track are coded, and encrypted.
type description struct {
	platform.Format
	Encryption *encryption `json:",omitempty"` // nil: clear
}

// encryption is what a track says of the encryption of its samples, ISO/IEC
// 23001-7 (Common Encryption). Samples stay as they came.
type encryption struct {
	Scheme string // "cenc" or "cbc1"
	IVSize int
	KID    string // hexadecimal
}

// protect notes how a fragment is encrypted. ok is false where nothing says by
// which key.
func (p *piece) protect(e *fragment.Encryption, kid [16]byte, ok bool) bool {
	if e.HasKID {
		kid = e.KID
	} else if !ok {
		return false
	}
	if e.Pattern {
		return false // 'cbcs' may have another vector for each fragment
	}
	p.encryption = &encryption{Scheme: "cenc", IVSize: e.IVSize, KID: hex.EncodeToString(kid[:])}
	if e.Algorithm == 2 {
		p.encryption.Scheme = "cbc1"
	}
	return true
}

// auxiliary is what a decrypter needs to know of one sample of the given size: its
// initialisation vector and, as lengths of 16 and 32 bits, its subsamples. mapped
// says whether there are any.
func auxiliary(s *fragment.SampleEncryption, size int) (aux []byte, mapped bool) {
	aux = append(aux, s.IV...)
	if len(s.Subsamples) == 0 {
		return aux, false
	}
	return appendMap(aux, s.Subsamples, size), true
}

// appendMap appends a subsample map that covers size bytes: what a given one
// leaves over is clear.
func appendMap(aux []byte, parts []platform.Subsample, size int) []byte {
	at := len(aux)
	aux = append(aux, 0, 0)
	count := 0
	add := func(clear, encrypted int) {
		for ; clear > math.MaxUint16; clear -= math.MaxUint16 {
			aux = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(aux, math.MaxUint16), 0)
			count++
		}
		aux = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(aux, uint16(clear)), uint32(encrypted))
		count++
	}
	for _, s := range parts {
		clear, encrypted := min(int(s.Clear), size), 0
		encrypted = min(int(s.Encrypted), size-clear)
		size -= clear + encrypted
		add(clear, encrypted)
	}
	if size > 0 {
		add(size, 0)
	}
	binary.BigEndian.PutUint16(aux[at:], uint16(count))
	return aux
}

// protection of a track, as its tables need it.
type protection struct {
	is      bool // any of its samples is encrypted
	mapped  bool // any of them has subsamples
	ivSize  int
	largest int // auxiliary information
}

// auxiliaryOf is what the tables say of a sample. Every one is listed where any
// is: a clear one as such.
func (v *survey) auxiliaryOf(s *coded) []byte {
	switch {
	case s.aux == nil:
		return appendMap(make([]byte, v.protection.ivSize), nil, int(s.size))
	case v.protection.mapped && !s.mapped:
		return appendMap(append([]byte(nil), s.aux...), []platform.Subsample{{Encrypted: s.size}}, int(s.size))
	}
	return s.aux
}

// encrypted writes what is known of encrypted samples, in the way that players
// expect of a file that is not fragmented.
func (w *tables) encrypted() {
	p := &w.v.protection
	if !p.is {
		return
	}
	var begin int64
	w.box("senc", func() {
		flags := uint32(0)
		if p.mapped {
			flags = 2
		}
		w.u32(flags, uint32(w.v.samples))
		begin = w.at
		w.walk(func(s *coded) { w.bytes(w.v.auxiliaryOf(s)) })
	})
	if p.largest > math.MaxUint8 {
		return // saiz cannot tell, and senc is enough for many
	}
	w.box("saiz", func() {
		w.u32(0)
		w.bytes([]byte{0})
		w.u32(uint32(w.v.samples))
		w.walk(func(s *coded) { w.bytes([]byte{byte(len(w.v.auxiliaryOf(s)))}) })
	})
	w.box("saio", func() { w.u32(1<<24, 1); w.u64(uint64(begin)) })
}

// scheme writes the box of a sample entry that says how samples are encrypted.
func (w *tables) scheme(f *description) {
	w.box("sinf", func() {
		w.box("frma", func() { w.bytes([]byte(entries[f.Codec])) })
		w.box("schm", func() { w.u32(0); w.bytes([]byte(f.Encryption.Scheme)); w.u32(1 << 16) })
		w.box("schi", func() {
			w.box("tenc", func() {
				w.u32(0)
				w.bytes([]byte{0, 0, 1, byte(f.Encryption.IVSize)})
				kid, err := hex.DecodeString(f.Encryption.KID)
				if err != nil || len(kid) != 16 {
					w.err = errRecord
					return
				}
				w.bytes(kid)
			})
		})
	})
}

// system writes the header of a protection system, for whoever asks for the key.
func (w *boxWriter) system(s *platform.ProtectionSystem) {
	w.box("pssh", func() {
		w.u32(0)
		w.bytes(s.SystemID[:])
		w.u32(uint32(len(s.Data)))
		w.bytes(s.Data)
	})
}
