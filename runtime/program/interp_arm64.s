#include "textflag.h"

// The record of a step: see interp_amd64.s. R19 is the current step, R20 the memory's header. SVC changes only R0.
TEXT ·interp(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	$0x10000100, R9
	MOVD	0(R9), R19
	MOVD	8(R9), R20
step:
	MOVBU	3(R19), R21
	LDP	8(R19), (R0, R1)
	LDP	24(R19), (R2, R3)
	LDP	40(R19), (R4, R5)
	CBZ	R21, loaded
	TBZ	$0, R21, arg1
	MOVD	(R0), R0
arg1:
	TBZ	$1, R21, arg2
	MOVD	(R1), R1
arg2:
	TBZ	$2, R21, arg3
	MOVD	(R2), R2
arg3:
	TBZ	$3, R21, arg4
	MOVD	(R3), R3
arg4:
	TBZ	$4, R21, arg5
	MOVD	(R4), R4
arg5:
	TBZ	$5, R21, loaded
	MOVD	(R5), R5
loaded:
	MOVBU	2(R19), R21
	CMP	$1, R21
	BEQ	store
	BHI	test
	MOVHU	0(R19), R8
	SVC
	CMN	$4095, R0
	BCS	failed
store:
	// A move arrives here with its argument still in R0, where a system call leaves its result.
	MOVD	56(R19), R9
	CBZ	R9, next
	MOVD	R0, (R9)
next:
	MOVWU	4(R19), R19
	B	step
test:
	CMP	$3, R21
	BEQ	failure
	BHI	crash
	AND	R1, R0, R0
	CMP	R2, R0
	BEQ	next
	MOVWU	68(R19), R19
	B	step
crash:
	WORD	$0 // UDF
failed:
	NEG	R0, R0
	ADD	$64, R19, R9
case:
	MOVWU	(R9), R10
	CBZ	R10, failure
	CMNW	$1, R10
	BEQ	take
	CMPW	R10, R0
	BEQ	take
	ADD	$8, R9
	B	case
take:
	MOVWU	4(R9), R19
	B	step
failure:
	// An OpFail arrives here with its errno still in R0.
	MOVD	R0, 16(R20)
	MOVD	R19, 24(R20)
	MOVD	0(R20), R19
	B	step
	WORD	$0x62617263
	WORD	$0x006e6163
	// The signal handler ExitOnSignal: exit_group(128 + signal), or a fault where that is forbidden.
	ADD	$128, R0
	MOVD	$94, R8
	SVC
	WORD	$0 // UDF
	WORD	$0x62617263
	WORD	$0x006e6163

TEXT ·interpAddr(SB), NOSPLIT, $0-8
	MOVD	$·interp(SB), R0
	MOVD	R0, ret+0(FP)
	RET
