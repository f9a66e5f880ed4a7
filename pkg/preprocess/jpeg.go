package preprocess

import (
	"encoding/binary"
	"errors"
	"image"
	"math"

	"github.com/effnet/effnet/pkg/preprocess/jpeg"
)

func decodeJPEG(data []byte, o Options) (*decoded, error) {
	r, err := jpeg.NewReader(data, jpeg.Options{MaxPixels: math.MaxInt64, Lenient: o.Lenient})
	if err != nil {
		return nil, jpegError(err)
	}
	w, h := r.Size()
	if err := checkSize("JPEG", int64(w), int64(h), o.MaxPixels); err != nil {
		return nil, err
	}
	var rgb *image.NRGBA
	err = r.Rows(func(y int, row []byte) error {
		if rgb == nil {
			rgb = image.NewNRGBA(image.Rect(0, 0, w, h))
		}
		withAlpha(rgb.Pix[y*rgb.Stride:][:rgb.Stride], row)
		return nil
	})
	if err != nil {
		return nil, jpegError(err)
	}
	return &decoded{rgb, exifOrientation(jpeg.EXIF(data)), r.Damaged()}, nil
}

// withAlpha writes packed RGB as NRGBA; dst is not empty.
func withAlpha(dst, src []byte) {
	last := len(dst) - 4
	for at := 0; at < last; at += 4 {
		binary.LittleEndian.PutUint32(dst[at:], binary.LittleEndian.Uint32(src)|0xff<<24)
		src = src[3:]
	}
	dst[last], dst[last+1], dst[last+2], dst[last+3] = src[0], src[1], src[2], 255
}

// jpegError maps the JPEG decoder's errors; those of the limit were met before.
func jpegError(err error) error {
	var unsupported *jpeg.UnsupportedError
	if errors.As(err, &unsupported) {
		return formatError("%v; convert it first, e.g. magick IN.jpg OUT.png", unsupported)
	}
	return decodeError("%v", err)
}
