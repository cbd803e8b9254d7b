/*
 * Every kernel variant, named once: KERNEL(operation, level) is the function operation_level of type
 * operation_fn. Prototypes, the table, kernel-check and its benchmark expand this list, so that no kernel can
 * be left untested.
 *
 * Lists ascend by level: the table takes the last line that the machine can run. Behind the last level comes
 * "tiles", which is for tests alone: the kernels of amx with the tile unit in plain C (matmul/tile.h).
 *
 * To add a variant: write OP/OP_LEVEL.c, add its line here. To add an operation: its type in types.h, its
 * name in OPERATION_LIST, its ref variant, and a case in kernel_check.c (which does not compile without).
 */
#ifndef KERNELS_LIST_H
#define KERNELS_LIST_H

#define OPERATION_LIST(OPERATION)                                                                            \
    OPERATION(panel_f32)                                                                                     \
    OPERATION(panel_bf16)                                                                                    \
    OPERATION(product_f32)                                                                                   \
    OPERATION(product_bf16)                                                                                  \
    OPERATION(round_bf16)                                                                                    \
    OPERATION(quantise)                                                                                      \
    OPERATION(step_q8_0)                                                                                     \
    OPERATION(step_q4_0)                                                                                     \
    OPERATION(step_q4_1)                                                                                     \
    OPERATION(step_q4_k)                                                                                     \
    OPERATION(step_q5_0)                                                                                     \
    OPERATION(step_q5_1)                                                                                     \
    OPERATION(step_q5_k)                                                                                     \
    OPERATION(step_q6_k)                                                                                     \
    OPERATION(tile_bf16)                                                                                     \
    OPERATION(tile_int8)                                                                                     \
    OPERATION(unpack_row)                                                                                    \
    OPERATION(pack_row)                                                                                      \
    OPERATION(rms_norm)                                                                                      \
    OPERATION(layer_norm)                                                                                    \
    OPERATION(softmax)                                                                                       \
    OPERATION(softmax_block)                                                                                 \
    OPERATION(gated)                                                                                         \
    OPERATION(unary)                                                                                         \
    OPERATION(rope)                                                                                          \
    OPERATION(top_k)                                                                                         \
    OPERATION(axpy)                                                                                          \
    OPERATION(scale)

#define KERNEL_LIST_REF(KERNEL)                                                                              \
    KERNEL(panel_f32, ref)                                                                                   \
    KERNEL(panel_bf16, ref)                                                                                  \
    KERNEL(product_f32, ref)                                                                                 \
    KERNEL(product_bf16, ref)                                                                                \
    KERNEL(round_bf16, ref)                                                                                  \
    KERNEL(quantise, ref)                                                                                    \
    KERNEL(step_q8_0, ref)                                                                                   \
    KERNEL(step_q4_0, ref)                                                                                   \
    KERNEL(step_q4_1, ref)                                                                                   \
    KERNEL(step_q4_k, ref)                                                                                   \
    KERNEL(step_q5_0, ref)                                                                                   \
    KERNEL(step_q5_1, ref)                                                                                   \
    KERNEL(step_q5_k, ref)                                                                                   \
    KERNEL(step_q6_k, ref)                                                                                   \
    KERNEL(tile_bf16, ref)                                                                                   \
    KERNEL(tile_int8, ref)                                                                                   \
    KERNEL(unpack_row, ref)                                                                                  \
    KERNEL(pack_row, ref)                                                                                    \
    KERNEL(rms_norm, ref)                                                                                    \
    KERNEL(layer_norm, ref)                                                                                  \
    KERNEL(softmax, ref)                                                                                     \
    KERNEL(softmax_block, ref)                                                                               \
    KERNEL(gated, ref)                                                                                       \
    KERNEL(unary, ref)                                                                                       \
    KERNEL(rope, ref)                                                                                        \
    KERNEL(top_k, ref)                                                                                       \
    KERNEL(axpy, ref)                                                                                        \
    KERNEL(scale, ref)

#if defined(__x86_64__) && !defined(SY_REF_ONLY)
#define KERNEL_LIST_X86(KERNEL)                                                                              \
    KERNEL(panel_f32, avx2)                                                                                  \
    KERNEL(panel_bf16, avx2)                                                                                 \
    KERNEL(product_f32, avx2)                                                                                \
    KERNEL(product_bf16, avx2)                                                                               \
    KERNEL(round_bf16, avx2)                                                                                 \
    KERNEL(quantise, avx2)                                                                                   \
    KERNEL(step_q8_0, avx2)                                                                                  \
    KERNEL(step_q4_0, avx2)                                                                                  \
    KERNEL(step_q4_1, avx2)                                                                                  \
    KERNEL(step_q4_k, avx2)                                                                                  \
    KERNEL(step_q5_0, avx2)                                                                                  \
    KERNEL(step_q5_1, avx2)                                                                                  \
    KERNEL(step_q5_k, avx2)                                                                                  \
    KERNEL(step_q6_k, avx2)                                                                                  \
    KERNEL(unpack_row, avx2)                                                                                 \
    KERNEL(pack_row, avx2)                                                                                   \
    KERNEL(rms_norm, avx2)                                                                                   \
    KERNEL(layer_norm, avx2)                                                                                 \
    KERNEL(softmax, avx2)                                                                                    \
    KERNEL(softmax_block, avx2)                                                                              \
    KERNEL(gated, avx2)                                                                                      \
    KERNEL(unary, avx2)                                                                                      \
    KERNEL(rope, avx2)                                                                                       \
    KERNEL(top_k, avx2)                                                                                      \
    KERNEL(axpy, avx2)                                                                                       \
    KERNEL(scale, avx2)                                                                                      \
    KERNEL(panel_f32, avx512)                                                                                \
    KERNEL(panel_bf16, avx512)                                                                               \
    KERNEL(product_f32, avx512)                                                                              \
    KERNEL(product_bf16, avx512)                                                                             \
    KERNEL(round_bf16, avx512)                                                                               \
    KERNEL(quantise, avx512)                                                                                 \
    KERNEL(step_q8_0, avx512)                                                                                \
    KERNEL(step_q4_0, avx512)                                                                                \
    KERNEL(step_q4_1, avx512)                                                                                \
    KERNEL(step_q4_k, avx512)                                                                                \
    KERNEL(step_q5_0, avx512)                                                                                \
    KERNEL(step_q5_1, avx512)                                                                                \
    KERNEL(step_q5_k, avx512)                                                                                \
    KERNEL(step_q6_k, avx512)                                                                                \
    KERNEL(unpack_row, avx512)                                                                               \
    KERNEL(pack_row, avx512)                                                                                 \
    KERNEL(rms_norm, avx512)                                                                                 \
    KERNEL(layer_norm, avx512)                                                                               \
    KERNEL(softmax, avx512)                                                                                  \
    KERNEL(softmax_block, avx512)                                                                            \
    KERNEL(gated, avx512)                                                                                    \
    KERNEL(unary, avx512)                                                                                    \
    KERNEL(rope, avx512)                                                                                     \
    KERNEL(top_k, avx512)                                                                                    \
    KERNEL(axpy, avx512)                                                                                     \
    KERNEL(scale, avx512)                                                                                    \
    KERNEL(step_q8_0, avx512vnni)                                                                            \
    KERNEL(step_q4_0, avx512vnni)                                                                            \
    KERNEL(step_q4_1, avx512vnni)                                                                            \
    KERNEL(step_q4_k, avx512vnni)                                                                            \
    KERNEL(step_q5_0, avx512vnni)                                                                            \
    KERNEL(step_q5_1, avx512vnni)                                                                            \
    KERNEL(step_q5_k, avx512vnni)                                                                            \
    KERNEL(step_q6_k, avx512vnni)                                                                            \
    KERNEL(product_bf16, avx512bf16)                                                                         \
    KERNEL(product_bf16, amx)                                                                                \
    KERNEL(step_q8_0, amx)                                                                                   \
    KERNEL(step_q4_0, amx)                                                                                   \
    KERNEL(step_q4_1, amx)                                                                                   \
    KERNEL(step_q4_k, amx)                                                                                   \
    KERNEL(step_q5_0, amx)                                                                                   \
    KERNEL(step_q5_1, amx)                                                                                   \
    KERNEL(step_q5_k, amx)                                                                                   \
    KERNEL(step_q6_k, amx)                                                                                   \
    KERNEL(tile_bf16, amx)                                                                                   \
    KERNEL(tile_int8, amx)                                                                                   \
    KERNEL(product_bf16, tiles)                                                                              \
    KERNEL(step_q8_0, tiles)                                                                                 \
    KERNEL(step_q4_0, tiles)                                                                                 \
    KERNEL(step_q4_1, tiles)                                                                                 \
    KERNEL(step_q4_k, tiles)                                                                                 \
    KERNEL(step_q5_0, tiles)                                                                                 \
    KERNEL(step_q5_1, tiles)                                                                                 \
    KERNEL(step_q5_k, tiles)                                                                                 \
    KERNEL(step_q6_k, tiles)
#else
#define KERNEL_LIST_X86(KERNEL)
#endif

#define KERNEL_LIST(KERNEL) KERNEL_LIST_REF(KERNEL) KERNEL_LIST_X86(KERNEL)

#endif
