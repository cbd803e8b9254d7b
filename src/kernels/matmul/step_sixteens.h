/*
 * Dots without VNNI, at any width: products of bytes go through 16 bits. Two of q8_0 fit there, since
 * 2 * 128 * 127 < 2^15, and of nibbles all that a lane has of 32 k: 16 * 15 * 127 < 2^15. The including file
 * defines products, add_products, pairs and sixteens.
 */
INLINE vi biased(vi bytes) {
    return bytes;
}

INLINE vi dot_word(vi sum, vi w, vi x, bool bytes) {
    return v_add(sum, bytes ? sixteens(w, x) : pairs(products(w, x)));
}

/* A dot of 32, eight products of registers: nibbles wait in 16 bits, others begin with what stands for 0. */
INLINE vi dot_begin(bool nibbles, int32_t zeros) {
    return v_int(nibbles ? 0 : -zeros);
}

INLINE vi dot_add(vi sum, vi w, vi x, bool bytes, bool nibbles) {
    return nibbles ? add_products(sum, products(w, x)) : dot_word(sum, w, x, bytes);
}

INLINE vi dot_end(vi sum, bool nibbles, int32_t zeros) {
    return nibbles ? v_sub(pairs(sum), v_int(zeros)) : sum;
}
