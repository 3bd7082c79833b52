# One set of warnings for every target of ours; generated code opts out (RgProto).
set(RG_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
    -Wundef -Wformat=2 -Wwrite-strings -Wcast-qual)

function(rg_set_warnings target)
    target_compile_options(${target} PRIVATE ${RG_WARNINGS})
    if(RG_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()
