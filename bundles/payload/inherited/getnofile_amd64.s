#include "textflag.h"

// func getNofile(limits *[2]uint64)
TEXT ·getNofile(SB), NOSPLIT, $0-8
	MOVQ $97, AX // SYS_getrlimit
	MOVQ $7, DI  // RLIMIT_NOFILE
	MOVQ limits+0(FP), SI
	SYSCALL
	RET
