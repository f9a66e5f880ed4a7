package preprocess

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// foreign is a kind of file that people hand to a picture classifier and that
// is not read.
type foreign struct {
	match   func(data []byte) bool
	title   string // with its noun: "HEIC picture"
	convert string // a command that makes a picture of it, or other advice; may be empty
}

func (f foreign) message() string {
	switch {
	case f.convert == "":
		return f.title + ", not a picture"
	case f.convert[0] == '=':
		return f.title + "; " + f.convert[1:]
	}
	return f.title + "; convert it first, e.g. " + f.convert
}

// foreignFormats are looked for before the formats that are read: some raw
// files and BigTIFF begin almost like TIFF.
var foreignFormats = []foreign{
	{brand("avif", "avis"), "AVIF picture", "avifdec IN.avif OUT.png"},
	{brand("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"), "HEIC picture", "heif-convert IN.heic OUT.jpg"},
	{brand("crx "), "camera raw picture (Canon CR3)", "exiftool -b -JpgFromRaw IN.cr3 > OUT.jpg"},
	{at(4, "ftyp"), "video (MP4 or QuickTime)", "ffmpeg -i IN.mp4 -frames:v 1 OUT.png"},
	{anyOf(prefix("\xff\x0a"), prefix("\x00\x00\x00\x0cJXL \r\n\x87\n")), "JPEG XL picture", "djxl IN.jxl OUT.png"},
	{anyOf(prefix("\x00\x00\x00\x0cjP  \r\n\x87\n"), prefix("\xff\x4f\xff\x51")), "JPEG 2000 picture", "opj_decompress -i IN.jp2 -o OUT.png"},
	{prefix("II\xbc\x01"), "JPEG XR picture", "magick IN.jxr OUT.png"},
	{prefix("8BPS"), "Photoshop (PSD) picture", "magick 'IN.psd[0]' OUT.png"},
	{prefix("gimp xcf"), "GIMP (XCF) picture", "xcf2png IN.xcf -o OUT.png"},
	{anyOf(prefix("II+\x00"), prefix("MM\x00+")), "BigTIFF picture", "tiffcp IN.tif OUT.tif"},
	{both(prefix("II*\x00"), at(8, "CR")), "camera raw picture (Canon CR2)", "exiftool -b -PreviewImage IN.cr2 > OUT.jpg"},
	{isDNG, "camera raw picture (DNG)", "exiftool -b -PreviewImage IN.dng > OUT.jpg"},
	{prefix("FUJIFILMCCD-RAW"), "camera raw picture (Fujifilm RAF)", "exiftool -b -PreviewImage IN.raf > OUT.jpg"},
	{anyOf(prefix("IIRO"), prefix("IIRS"), prefix("MMOR")), "camera raw picture (Olympus ORF)", "exiftool -b -PreviewImage IN.orf > OUT.jpg"},
	{prefix("IIU\x00"), "camera raw picture (Panasonic RW2)", "exiftool -b -JpgFromRaw IN.rw2 > OUT.jpg"},
	{prefix("\x00\x00\x01\x00"), "icon (ICO)", "magick 'IN.ico[0]' OUT.png"},
	{prefix("\x00\x00\x02\x00"), "cursor (CUR)", "magick 'IN.cur[0]' OUT.png"},
	{anyOf(prefix("%!PS"), prefix("\xc5\xd0\xd3\xc6")), "PostScript (EPS) file", "gs -o OUT.png -sDEVICE=png16m -r150 IN.eps"},
	{prefix("qoif"), "QOI picture", "magick IN.qoi OUT.png"},
	{prefix("DDS "), "DDS texture", "magick IN.dds OUT.png"},
	{prefix("\x76\x2f\x31\x01"), "OpenEXR picture", "magick IN.exr OUT.png"},
	{anyOf(prefix("#?RADIANCE"), prefix("#?RGBE")), "Radiance HDR picture", "magick IN.hdr OUT.png"},
	{prefix("BPG\xfb"), "BPG picture", "bpgdec -o OUT.png IN.bpg"},
	{prefix("\x8aMNG\r\n"), "MNG animation", "magick 'IN.mng[0]' OUT.png"},
	{both(prefix("AT&TFORM"), at(12, "DJV")), "DjVu document", "ddjvu -format=tiff -page=1 IN.djvu OUT.tif"},
	{prefix("SIMPLE  ="), "FITS picture", "magick IN.fits OUT.png"},
	{isPNM, "Netpbm (PNM) picture", "magick IN.ppm OUT.png"},
	{both(prefix("RIFF"), at(8, "AVI ")), "video (AVI)", "ffmpeg -i IN.avi -frames:v 1 OUT.png"},
	{prefix("\x1a\x45\xdf\xa3"), "video (Matroska or WebM)", "ffmpeg -i IN.webm -frames:v 1 OUT.png"},
	{anyOf(prefix("\x00\x00\x01\xba"), prefix("\x00\x00\x01\xb3")), "video (MPEG)", "ffmpeg -i IN.mpg -frames:v 1 OUT.png"},
}

// otherFiles are looked for last: their marks are weak or far from the start.
var otherFiles = []foreign{
	{at(128, "DICM"), "DICOM picture", "dcm2img IN.dcm OUT.png"},
	{pdf, "PDF document", "pdftoppm -png -r 150 IN.pdf OUT"},
	{prefix("version https://git-lfs"), "Git LFS pointer instead of the file", "=fetch it first: git lfs pull"},
	{markup("<svg"), "SVG drawing", "rsvg-convert IN.svg -o OUT.png"},
	{markup("<!doctype html", "<html"), "HTML page", ""},
	{anyOf(prefix("PK\x03\x04"), prefix("PK\x05\x06")), "ZIP archive", "=unpack it first"},
	{prefix("\x1f\x8b"), "gzip file", "=unpack it first"},
	{prefix("BZh"), "bzip2 file", "=unpack it first"},
	{prefix("\xfd7zXZ\x00"), "xz file", "=unpack it first"},
	{prefix("\x28\xb5\x2f\xfd"), "Zstandard file", "=unpack it first"},
	{prefix("7z\xbc\xaf\x27\x1c"), "7z archive", "=unpack it first"},
	{prefix("Rar!\x1a\x07"), "RAR archive", "=unpack it first"},
	{isText, "text", ""},
}

// brand matches an ISO base media file (HEIF and kin) whose major or
// compatible brands hold one of the given ones.
func brand(brands ...string) func([]byte) bool {
	return func(data []byte) bool {
		if !at(4, "ftyp")(data) || len(data) < 12 {
			return false
		}
		end := min(int64(binary.BigEndian.Uint32(data)), int64(len(data)), 256)
		if slices.Contains(brands, string(data[8:12])) {
			return true
		}
		for i := int64(16); i+4 <= end; i += 4 {
			if slices.Contains(brands, string(data[i:i+4])) {
				return true
			}
		}
		return false
	}
}

func isPNM(data []byte) bool {
	return len(data) > 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '7' &&
		(data[2] == '\n' || data[2] == ' ' || data[2] == '\r') && (data[3] == '#' || data[3] >= '0' && data[3] <= '9' || data[3] == 'W')
}

// isDNG looks for the DNGVersion tag in the first directory.
func isDNG(data []byte) bool {
	const dngVersion = 0xc612
	d, ok := parseDirectory(data)
	if !ok {
		return false
	}
	_, found := d.find(dngVersion)
	return found
}

func pdf(data []byte) bool { return bytes.Contains(head(data), []byte("%PDF-")) }

// markup matches a document that begins with "<" and has one of the tags near
// its start.
func markup(tags ...string) func([]byte) bool {
	return func(data []byte) bool {
		start := bytes.ToLower(bytes.TrimLeft(head(data), "\xef\xbb\xbf \t\r\n"))
		if !bytes.HasPrefix(start, []byte("<")) {
			return false
		}
		return slices.ContainsFunc(tags, func(tag string) bool { return bytes.Contains(start, []byte(tag)) })
	}
}

// isText tells UTF-8 without control characters.
func isText(data []byte) bool {
	start := head(data)
	for len(start) > 0 {
		r, n := utf8.DecodeRune(start)
		if r == utf8.RuneError && n == 1 {
			return len(start) < utf8.UTFMax && len(data) > headLen // cut by head
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			return false
		}
		start = start[n:]
	}
	return true
}

const headLen = 1024

func head(data []byte) []byte { return data[:min(len(data), headLen)] }
