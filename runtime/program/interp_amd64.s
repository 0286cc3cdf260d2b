#include "textflag.h"

// The record of a step (link.go writes it):
//	 0 nr uint16, 2 op uint8, 3 load mask uint8, 4 next uint32, 8 args [6]uint64, 56 result uint64,
//	64 cases [3]{errno, to uint32}, 88 a zero errno
// R12 is the current step, R13 the memory's header: failure label, tag, errno, step. SYSCALL changes only AX, CX and R11.
TEXT ·interp(SB), NOSPLIT|NOFRAME, $0-0
	MOVL	$0x10000100, AX
	MOVQ	0(AX), R12
	MOVQ	8(AX), R13
step:
	MOVBLZX	3(R12), R14
	MOVQ	8(R12), DI
	MOVQ	16(R12), SI
	MOVQ	24(R12), DX
	MOVQ	32(R12), R10
	MOVQ	40(R12), R8
	MOVQ	48(R12), R9
	TESTL	R14, R14
	JEQ	loaded
	BTL	$0, R14
	JCC	arg1
	MOVQ	(DI), DI
arg1:
	BTL	$1, R14
	JCC	arg2
	MOVQ	(SI), SI
arg2:
	BTL	$2, R14
	JCC	arg3
	MOVQ	(DX), DX
arg3:
	BTL	$3, R14
	JCC	arg4
	MOVQ	(R10), R10
arg4:
	BTL	$4, R14
	JCC	arg5
	MOVQ	(R8), R8
arg5:
	BTL	$5, R14
	JCC	loaded
	MOVQ	(R9), R9
loaded:
	MOVBLZX	2(R12), R14
	CMPL	R14, $1
	JEQ	move
	JHI	test
	MOVWLZX	0(R12), AX
	SYSCALL
	CMPQ	AX, $-4095
	JCC	failed
store:
	MOVQ	56(R12), CX
	TESTQ	CX, CX
	JEQ	next
	MOVQ	AX, (CX)
next:
	MOVL	4(R12), R12
	JMP	step
move:
	MOVQ	DI, AX
	JMP	store
test:
	CMPL	R14, $3
	JEQ	fail
	JHI	crash
	ANDQ	SI, DI
	CMPQ	DI, DX
	JEQ	next
	MOVL	68(R12), R12
	JMP	step
crash:
	BYTE	$0x0f; BYTE $0x0b // UD2
fail:
	MOVQ	DI, AX
	JMP	failure
failed:
	NEGQ	AX
	LEAQ	64(R12), CX
case:
	MOVL	(CX), DX
	TESTL	DX, DX
	JEQ	failure
	CMPL	DX, $0xffffffff
	JEQ	take
	CMPL	DX, AX
	JEQ	take
	ADDQ	$8, CX
	JMP	case
take:
	MOVL	4(CX), R12
	JMP	step
failure:
	MOVQ	AX, 16(R13)
	MOVQ	R12, 24(R13)
	MOVQ	0(R13), R12
	JMP	step
	BYTE	$'c'; BYTE $'r'; BYTE $'a'; BYTE $'b'; BYTE $'c'; BYTE $'a'; BYTE $'n'; BYTE $0
	// The signal handler ExitOnSignal: exit_group(128 + signal), or a fault where that is forbidden.
	ADDL	$128, DI
	MOVL	$231, AX
	SYSCALL
	BYTE	$0x0f; BYTE $0x0b // UD2
	BYTE	$'c'; BYTE $'r'; BYTE $'a'; BYTE $'b'; BYTE $'c'; BYTE $'a'; BYTE $'n'; BYTE $0

TEXT ·interpAddr(SB), NOSPLIT, $0-8
	LEAQ	·interp(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
