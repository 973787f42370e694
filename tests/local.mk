# The checks that are no test programs: tests/run calls them.
EXTRA_DIST += .ci/run tests/run tests/include_arrows tests/docs_agree tests/lsan.supp tests/fuzz/run tests/bench/run tests/bench/measure.py $(FUZZERS)

# A test that starts a program needs it first.
$(TEST_LOGS): $(EXTRA_PROGRAMS)

print-libraries:
	@echo $(ALL_LIBS)
.PHONY: print-libraries
EXTRA_DIST += tests/bed/run tests/faults/run tests/guest/run
EXTRA_DIST += tests/fakes/temp_folder.h
