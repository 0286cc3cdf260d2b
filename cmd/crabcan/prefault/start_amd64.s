#include "textflag.h"

#define SYS_madvise 28
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#define PAGE 4096

// noptrbss ends with a buffer of 32 MiB that only the generator of random numbers of FIPS 140 uses. This much comes before
// it.
#define NOPTRBSS 0x12000

#define POPULATE(from, to, more, how) \
	LEAQ	from(SB), DI \
	ANDQ	$~(PAGE-1), DI \
	LEAQ	to(SB), SI \
	ADDQ	$more, SI \
	SUBQ	DI, SI \
	MOVL	$how, DX \
	MOVL	$SYS_madvise, AX \
	SYSCALL

TEXT ·start(SB), NOSPLIT|NOFRAME, $0
	POPULATE(runtime·text, runtime·etext, 0, MADV_POPULATE_READ)
	POPULATE(runtime·rodata, runtime·epclntab, 0, MADV_POPULATE_READ)
	POPULATE(runtime·noptrdata, runtime·noptrbss, NOPTRBSS, MADV_POPULATE_WRITE)
	JMP	_rt0_amd64_linux(SB)

TEXT ·growStack(SB), 0, $60000-0
	RET

TEXT ·growStackBeyondHeap(SB), 0, $2097152-0
	RET

TEXT ·populate(SB), NOSPLIT, $0-24
	MOVQ	address+0(FP), DI
	MOVQ	size+8(FP), SI
	MOVL	$MADV_POPULATE_WRITE, DX
	MOVL	$SYS_madvise, AX
	SYSCALL
	MOVQ	AX, ret+16(FP)
	RET
