/*
 * All block formats in line: for the table, and for kernels, which compile the decoders for their own level.
 * BLOCK_FORMAT_LIST(FORMAT) is FORMAT(DTYPE, name, elements, encoder).
 */
#ifndef TENSOR_BLOCKS_FORMATS_H
#define TENSOR_BLOCKS_FORMATS_H

#include "tensor/blocks/iq4_nl.h"
#include "tensor/blocks/iq4_xs.h"
#include "tensor/blocks/mxfp4.h"
#include "tensor/blocks/q2_k.h"
#include "tensor/blocks/q3_k.h"
#include "tensor/blocks/q4_0.h"
#include "tensor/blocks/q4_1.h"
#include "tensor/blocks/q4_k.h"
#include "tensor/blocks/q5_0.h"
#include "tensor/blocks/q5_1.h"
#include "tensor/blocks/q5_k.h"
#include "tensor/blocks/q6_k.h"
#include "tensor/blocks/q8_0.h"

#define BLOCK_FORMAT_LIST(FORMAT)                                                                            \
    FORMAT(Q8_0, q8_0, 32, q8_0_encode)                                                                      \
    FORMAT(Q4_0, q4_0, 32, q4_0_encode)                                                                      \
    FORMAT(Q4_1, q4_1, 32, q4_1_encode)                                                                      \
    FORMAT(Q5_0, q5_0, 32, q5_0_encode)                                                                      \
    FORMAT(Q5_1, q5_1, 32, q5_1_encode)                                                                      \
    FORMAT(Q2_K, q2_k, 256, NULL)                                                                            \
    FORMAT(Q3_K, q3_k, 256, NULL)                                                                            \
    FORMAT(Q4_K, q4_k, 256, q4_k_encode)                                                                     \
    FORMAT(Q5_K, q5_k, 256, NULL)                                                                            \
    FORMAT(Q6_K, q6_k, 256, q6_k_encode)                                                                     \
    FORMAT(IQ4_NL, iq4_nl, 32, NULL)                                                                         \
    FORMAT(IQ4_XS, iq4_xs, 256, NULL)                                                                        \
    FORMAT(MXFP4, mxfp4, 32, mxfp4_encode)

#endif
