#include "textflag.h"

#define SYS_madvise 233
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23

// Segments begin on pages of 64 KiB, the largest that the kernel may have been built with.
#define PAGE 65536

// noptrbss ends with a buffer of 32 MiB that only the generator of random numbers of FIPS 140 uses. This much comes before
// it.
#define NOPTRBSS 0x12000

#define POPULATE(from, to, more, how) \
	MOVD	$from(SB), R0 \
	AND	$~(PAGE-1), R0 \
	MOVD	$to(SB), R1 \
	ADD	$more, R1 \
	SUB	R0, R1 \
	MOVD	$how, R2 \
	MOVD	$SYS_madvise, R8 \
	SVC

TEXT ·start(SB), NOSPLIT|NOFRAME, $0
	POPULATE(runtime·text, runtime·etext, 0, MADV_POPULATE_READ)
	POPULATE(runtime·rodata, runtime·epclntab, 0, MADV_POPULATE_READ)
	POPULATE(runtime·noptrdata, runtime·noptrbss, NOPTRBSS, MADV_POPULATE_WRITE)
	B	_rt0_arm64_linux(SB)

TEXT ·growStack(SB), 0, $60000-0
	RET

TEXT ·growStackBeyondHeap(SB), 0, $2097152-0
	RET

TEXT ·populate(SB), NOSPLIT, $0-24
	MOVD	address+0(FP), R0
	MOVD	size+8(FP), R1
	MOVD	$MADV_POPULATE_WRITE, R2
	MOVD	$SYS_madvise, R8
	SVC
	MOVD	R0, ret+16(FP)
	RET
