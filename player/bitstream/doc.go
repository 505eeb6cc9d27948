// Package bitstream passes AC-3 and E-AC-3 on to a sound device that decodes them
// itself: it packs the samples into the bursts of IEC 61937, which travel over HDMI
// and S/PDIF in the place of stereo PCM.
//
//	samples of AC-3          |sync frame 1536 samples|sync frame           |
//	burst, 6144 bytes        |Pa Pb Pc Pd|payload, 16-bit words|zeros      |
//	frames of PCM            |<---------- 1536 at the rate of the sound -->|
//
//	samples of E-AC-3        |1 to 6 blocks|...|  six blocks together
//	burst, 24576 bytes       |Pa Pb Pc Pd|payload|zeros        |
//	frames of PCM            |<- 6144 at four times the rate ->|
package bitstream
