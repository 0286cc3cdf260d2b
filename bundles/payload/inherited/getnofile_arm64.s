#include "textflag.h"

// func getNofile(limits *[2]uint64)
TEXT ·getNofile(SB), NOSPLIT, $0-8
	MOVD $163, R8 // SYS_getrlimit
	MOVD $7, R0   // RLIMIT_NOFILE
	MOVD limits+0(FP), R1
	SVC
	RET
