/*
 * One test for each folder of cases: registered when the program starts, before anybody knows which folders
 * there will be.
 */
#ifndef GOLDEN_CASES_H
#define GOLDEN_CASES_H

#include "test.h"

/* Registers PREFIX + NAME for each folder NAME of `root` that holds expected.json. Returns how many. */
int golden_register(const char *root, const char *prefix, const char *file, int line, void (*run)(void **));

/* The path of a folder relative to the checkout, as this build knows it. For constructors: fails no test. */
void golden_root(char path[TEST_PATH_MAX], const char *name);

/* The folder of the running test, which golden_register named. */
void golden_folder(char path[TEST_PATH_MAX], const char *root, const char *prefix);

#endif
