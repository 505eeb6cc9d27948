package fragment

import "encoding/binary"

// traf is what a traf box says, in whatever order its children stand.
type traf struct {
	box
	duration, size, flags  uint32 // defaults of tfhd; with no trex box, 0 unless stated
	total                  int    // samples over all trun boxes
	sdtp, senc, sgpd, sbgp box    // kind 0: absent
}

// readMoof reads the children of a moof box and of its first traf box, all but
// the samples. At most limit samples may be listed.
func (f *Fragment) readMoof(data []byte, moof box, limit int) (traf, error) {
	var t traf
	err := children(data, moof, func(b box) error {
		switch b.kind {
		case boxMfhd:
			if p := data[b.body:b.end]; len(p) >= 8 {
				f.Sequence = binary.BigEndian.Uint32(p[4:])
			}
		case boxTraf:
			if t.kind != 0 {
				f.Warnings |= WarnExtra
				return nil
			}
			t.box = b
			return children(data, b, func(b box) error { return f.readTrafChild(data, b, &t, limit) })
		default: // uuid boxes are met here that belong in traf
			return f.readTrafChild(data, b, &t, limit)
		}
		return nil
	})
	return t, err
}

// children calls visit for each box inside parent.
func children(data []byte, parent box, visit func(box) error) error {
	data = data[:parent.end]
	for pos := parent.body; pos < parent.end; {
		b, ok := readBox(data, pos)
		if !ok {
			return parent.fail("no box where one should begin, at byte %d", pos)
		}
		if b.cut {
			return b.fail("goes beyond the end of its %s box", parent.kind)
		}
		if err := visit(b); err != nil {
			return err
		}
		pos = b.end
	}
	return nil
}

func (f *Fragment) readTrafChild(data []byte, b box, t *traf, limit int) error {
	p := data[b.body:b.end]
	switch b.kind {
	case boxTfhd:
		return f.readTfhd(b, p, t)
	case boxTrun:
		run, err := readTrun(b, p)
		if err != nil {
			return err
		}
		if run.count > limit-t.total {
			return b.fail("lists %d samples; a fragment of this size may have %d", run.count, limit)
		}
		t.total += run.count
	case boxTfdt:
		f.readTfdt(p)
	case boxSdtp:
		t.sdtp = b
	case boxSenc:
		if t.senc.kind == 0 {
			t.senc = b
		}
	case boxSgpd:
		if len(p) >= 8 && fourCC(binary.BigEndian.Uint32(p[4:])) == groupSeig {
			t.sgpd = b
		}
	case boxSbgp:
		if len(p) >= 8 && fourCC(binary.BigEndian.Uint32(p[4:])) == groupSeig {
			t.sbgp = b
		}
	case boxPssh:
		f.readPssh(p)
	case boxUUID:
		switch b.uuid {
		case uuidTfxd:
			f.readTfxd(p)
		case uuidTfrf:
			f.readTfrf(p)
		case uuidSenc: // wins over senc
			t.senc = b
		case uuidPssh:
			f.readPssh(p)
		}
	}
	return nil
}

// readTfhd reads a tfhd box, [MS-SSTR] 2.2.4.6. base_data_offset is an offset in
// a file of the server's, and means nothing here.
func (f *Fragment) readTfhd(b box, p []byte, t *traf) error {
	if len(p) < 8 {
		return b.fail("%d bytes long, at least 8 needed", len(p))
	}
	flags := binary.BigEndian.Uint32(p)
	f.TrackID = binary.BigEndian.Uint32(p[4:])
	p = p[8:]
	for _, field := range [...]struct {
		flag  uint32
		bytes int
		to    *uint32
	}{
		{0x01, 8, nil}, // base_data_offset
		{0x02, 4, nil}, // sample_description_index
		{0x08, 4, &t.duration},
		{0x10, 4, &t.size},
		{0x20, 4, &t.flags},
	} {
		if flags&field.flag == 0 {
			continue
		}
		if len(p) < field.bytes {
			return b.fail("too short for its flags %#x", flags)
		}
		if field.to != nil {
			*field.to = binary.BigEndian.Uint32(p)
		}
		p = p[field.bytes:]
	}
	return nil
}
