librecovery_a_SOURCES += \
	recovery/diagnosis/cause.c recovery/diagnosis/cause.h recovery/diagnosis/observation.c recovery/diagnosis/observation.h \
	recovery/diagnosis/sign.c recovery/diagnosis/sign.h \
	recovery/diagnosis/line_reader.c recovery/diagnosis/line_reader.h \
	recovery/diagnosis/sign_filter.c recovery/diagnosis/sign_filter.h \
	recovery/diagnosis/sign_memo.c recovery/diagnosis/sign_memo.h recovery/diagnosis/sign_set.c recovery/diagnosis/sign_set.h \
	recovery/diagnosis/course.c recovery/diagnosis/course.h \
	recovery/diagnosis/course_rules.c recovery/diagnosis/course_rules.h \
	recovery/diagnosis/evidence_book.c recovery/diagnosis/evidence_book.h \
	recovery/diagnosis/verdict.c recovery/diagnosis/verdict.h \
	recovery/diagnosis/text_score.c recovery/diagnosis/text_kind.c recovery/diagnosis/text_kind.h \
	recovery/diagnosis/golden_mask.c recovery/diagnosis/golden_mask.h \
	recovery/diagnosis/golden_start.c recovery/diagnosis/golden_start.h \
	recovery/diagnosis/golden_compare.c recovery/diagnosis/golden_compare.h \
	recovery/diagnosis/golden.c recovery/diagnosis/golden.h \
	recovery/diagnosis/diagnosis.c recovery/diagnosis/diagnosis.h

check_PROGRAMS += tests/unit/test_line_reader tests/unit/test_text_kind tests/unit/test_diagnosis tests/unit/test_verdict tests/unit/test_golden \
	tests/integration/test_signs tests/integration/test_loader_signs tests/integration/test_corpus
tests_unit_test_line_reader_SOURCES = tests/unit/test_line_reader.c
tests_unit_test_line_reader_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_text_kind_SOURCES = tests/unit/test_text_kind.c
tests_unit_test_text_kind_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
diagnosis_bench_files = tests/unit/diagnosis_bench.c tests/unit/diagnosis_bench.h tests/fakes/fake_signs.c tests/fakes/fake_signs.h
tests_unit_test_diagnosis_SOURCES = tests/unit/test_diagnosis.c $(diagnosis_bench_files)
tests_unit_test_diagnosis_LDADD = librecovery.a libbase.a $(PCRE2_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/test_diagnosis_stream
tests_unit_test_diagnosis_stream_SOURCES = tests/unit/test_diagnosis_stream.c $(diagnosis_bench_files)
tests_unit_test_diagnosis_stream_LDADD = librecovery.a libbase.a $(PCRE2_LIBS) $(CMOCKA_LIBS)
tests_unit_test_verdict_SOURCES = tests/unit/test_verdict.c
tests_unit_test_verdict_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
tests_unit_test_golden_SOURCES = tests/unit/test_golden.c
tests_unit_test_golden_LDADD = librecovery.a libbase.a $(PCRE2_LIBS) $(CMOCKA_LIBS)
sign_shelf_files = tests/integration/sign_shelf.c tests/integration/sign_shelf.h
tests_integration_test_signs_SOURCES = tests/integration/test_signs.c $(sign_shelf_files)
tests_integration_test_signs_LDADD = libstore.a librecovery.a libbase.a $(YAML_LIBS) $(PCRE2_LIBS) $(FDT_LIBS) $(CMOCKA_LIBS)
tests_integration_test_loader_signs_SOURCES = tests/integration/test_loader_signs.c $(sign_shelf_files)
tests_integration_test_loader_signs_LDADD = libstore.a librecovery.a libbase.a $(YAML_LIBS) $(PCRE2_LIBS) $(FDT_LIBS) \
	$(CMOCKA_LIBS)
tests_integration_test_corpus_SOURCES = tests/integration/test_corpus.c
tests_integration_test_corpus_LDADD = libstore.a librecovery.a libbase.a $(YAML_LIBS) $(PCRE2_LIBS) $(FDT_LIBS) $(CMOCKA_LIBS)

FUZZERS += tests/fuzz/fuzz_diagnosis.c tests/fuzz/fuzz_golden.c
