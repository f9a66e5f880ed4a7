package preprocess

import (
	"errors"
	"image"

	"github.com/effnet/effnet/pkg/preprocess/jpeg"
)

func decodeJPEG(data []byte, o Options) (*decoded, error) {
	w, h, err := jpeg.DecodeConfig(data)
	if err != nil {
		return nil, jpegError(err)
	}
	if err := checkSize("JPEG", int64(w), int64(h), o.MaxPixels); err != nil {
		return nil, err
	}
	img, err := jpeg.Decode(data, jpeg.Options{MaxPixels: o.MaxPixels, Lenient: o.Lenient})
	if err != nil {
		return nil, jpegError(err)
	}
	rgb := image.NewNRGBA(image.Rect(0, 0, img.Width, img.Height))
	for src, dst := img.Pix, rgb.Pix; len(src) >= 3 && len(dst) >= 4; src, dst = src[3:], dst[4:] {
		dst[0], dst[1], dst[2], dst[3] = src[0], src[1], src[2], 255
	}
	return &decoded{rgb, exifOrientation(jpeg.EXIF(data)), img.Damaged}, nil
}

// jpegError maps the JPEG decoder's errors; those of the limit were met before.
func jpegError(err error) error {
	var unsupported *jpeg.UnsupportedError
	if errors.As(err, &unsupported) {
		return formatError("%v; convert it first, e.g. magick IN.jpg OUT.png", unsupported)
	}
	return decodeError("%v", err)
}
