package weights

import (
	"bytes"
	"strings"
)

const readable = "this version reads .safetensors, PyTorch's .pth and ONNX"

// magics are the starts of files that people hand over as weights.
var magics = []struct{ start, what string }{
	{"version https://git-lfs.github.com/spec/", "a Git LFS pointer, not the weights: run git lfs pull"},
	{"PK\x03\x04", "a zip archive without PyTorch's data.pkl: " + readable},
	{"PK\x05\x06", "an empty zip archive, not weights"},
	{"\x80\x02", "a Python pickle, but not of torch.save: " + readable},
	{"\x80\x03", "a Python pickle, but not of torch.save: " + readable},
	{"\x80\x04", "a Python pickle, but not of torch.save: " + readable},
	{"\x80\x05", "a Python pickle, but not of torch.save: " + readable},
	{"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras' .h5): " + readable},
	{"\x1f\x8b", "a gzip archive, not the weights: unpack it first"},
	{"\xfd7zXZ\x00", "an xz archive, not the weights: unpack it first"},
	{"BZh", "a bzip2 archive, not the weights: unpack it first"},
	{"\x28\xb5\x2f\xfd", "a zstd archive, not the weights: unpack it first"},
	{"\x93NUMPY", "a NumPy array, not a model: " + readable},
	{"GGUF", "a GGUF model, which holds no EfficientNet: " + readable},
	{"\xff\xd8\xff", "a JPEG picture, not weights"},
	{"\x89PNG\r\n\x1a\n", "a PNG picture, not weights"},
	{"RIFF", "a RIFF file (a WebP picture?), not weights"},
	{"GIF8", "a GIF picture, not weights"},
	{"%PDF", "a PDF document, not weights"},
	{"\x7fELF", "a program, not weights"},
}

// describe says in words what data is, where it is something known other than
// safetensors; "" where it is not.
func describe(data []byte) string {
	if len(data) == 0 {
		return "an empty file, not weights"
	}
	for _, m := range magics {
		if bytes.HasPrefix(data, []byte(m.start)) {
			return m.what
		}
	}
	switch {
	case len(data) >= 8 && string(data[4:8]) == "TFL3":
		return "a TensorFlow Lite model: " + readable
	case len(data) >= 262 && string(data[257:262]) == "ustar":
		return "a tar archive, not the weights: unpack it first"
	}
	return describeText(data)
}

func describeText(data []byte) string {
	const enough = 512
	head := bytes.TrimPrefix(data[:min(len(data), enough)], []byte("\ufeff"))
	head = bytes.TrimLeft(head, " \t\r\n")
	start := strings.ToLower(string(head))
	switch {
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"), strings.HasPrefix(start, "<!--"):
		return "an HTML page, not the weights: the download went to a web page"
	case strings.HasPrefix(start, "<?xml"):
		return "an XML document, not the weights"
	case strings.HasPrefix(start, "{") && bytes.Contains(data, []byte(`"weight_map"`)):
		return "the index of a sharded model: its files belong beside it, name it by its path"
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return "a JSON document, not weights"
	case len(head) > 0 && isText(head):
		return "a text file, not weights"
	}
	return ""
}

// isText tells whether data is printable ASCII; weights never are.
func isText(data []byte) bool {
	for _, c := range data {
		if (c < ' ' && c != '\n' && c != '\r' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}
