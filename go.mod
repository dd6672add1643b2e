module kvscope

go 1.26
