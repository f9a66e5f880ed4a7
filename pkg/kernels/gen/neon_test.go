package main

import "testing"

// The words are those of GNU as for the comments.
func TestEncodings(t *testing.T) {
	tests := []struct{ got, want string }{
		{fadd.encode(0, 1, 2), "WORD $0x4e22d420 // FADD V0.4S, V1.4S, V2.4S"},
		{fsub.encode(31, 30, 29), "WORD $0x4ebdd7df // FSUB V31.4S, V30.4S, V29.4S"},
		{fmul.encode(7, 16, 21), "WORD $0x6e35de07 // FMUL V7.4S, V16.4S, V21.4S"},
		{fdiv.encode(16, 31, 15), "WORD $0x6e2ffff0 // FDIV V16.4S, V31.4S, V15.4S"},
		{fmax.encode(9, 9, 31), "WORD $0x4e3ff529 // FMAX V9.4S, V9.4S, V31.4S"},
		{fmin.encode(10, 5, 26), "WORD $0x4ebaf4aa // FMIN V10.4S, V5.4S, V26.4S"},
		{fcmgt.encode(8, 13, 31), "WORD $0x6ebfe5a8 // FCMGT V8.4S, V13.4S, V31.4S"},
		{encodeFMALane(0, 30, 24, 0), "WORD $0x4f9813c0 // FMLA V0.4S, V30.4S, V24.S[0]"},
		{encodeFMALane(31, 1, 15, 1), "WORD $0x4faf103f // FMLA V31.4S, V1.4S, V15.S[1]"},
		{encodeFMALane(21, 10, 31, 2), "WORD $0x4f9f1955 // FMLA V21.4S, V10.4S, V31.S[2]"},
		{encodeFMALane(5, 26, 16, 3), "WORD $0x4fb01b45 // FMLA V5.4S, V26.4S, V16.S[3]"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s, want %s", tt.got, tt.want)
		}
	}
}
