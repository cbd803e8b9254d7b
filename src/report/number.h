/*
 * Numbers for people: counts, bytes, rates and times in three significant digits with their unit. Each writes
 * into the caller's text (NUMBER_TEXT bytes are enough) and returns it, so that it can stand in an argument
 * list.
 */
#ifndef REPORT_NUMBER_H
#define REPORT_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define NUMBER_TEXT 32

/* 46702792704 -> "46.7 B"; below a thousand the number itself. K, M, B, T: thousands of thousands. */
char *number_count(int64_t count, char text[NUMBER_TEXT]);
/* 46702792704 -> "46,702,792,704" */
char *number_exact(int64_t count, char text[NUMBER_TEXT]);
/* "1.50 GiB": memory, powers of 1024 */
char *number_bytes(int64_t bytes, char text[NUMBER_TEXT]);
/* A rate a second. Units in capitals take a prefix, powers of 1000: (31.4e9, "B/s") -> "31.4 GB/s"; others do
 * not: (2345, "tok/s") -> "2345 tok/s", 23456 -> "23,456 tok/s", 0.0234 -> "0.023 tok/s" */
char *number_rate(double rate, const char *unit, char text[NUMBER_TEXT]);
/* "5.00 us", "340 ms", "12.3 s", "4 min 05 s", "2 h 10 min" */
char *number_seconds(double seconds, char text[NUMBER_TEXT]);
/* "13.4 %"; of nothing "-" */
char *number_share(double part, double whole, char text[NUMBER_TEXT]);

#endif
