package widget

// Icons, drawn on a 16 by 16 grid.
const (
	iconPlay    = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2.5v11l9-5.5z"/></svg>`
	iconPause   = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z"/></svg>`
	iconBack    = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M11 2.5v11L4.500 8z"/></svg>`
	iconOn      = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M5 2.5v11L11.500 8z"/></svg>`
	iconNeedle  = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M7.250 0h1.500v2.560a5.500 5.500 0 0 1 4.690 4.690H16v1.500h-2.560a5.500 5.500 0 0 1-4.690 4.690V16h-1.500v-2.560a5.500 5.500 0 0 1-4.690-4.690H0v-1.500h2.560a5.500 5.500 0 0 1 4.690-4.690zM8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm0 2.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3z" fill-rule="evenodd"/></svg>`
	iconCommand = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2.550 3.200l1.050-1.050L9.450 8 3.600 13.850l-1.050-1.050L7.350 8zM8.500 12.500h5.500V14H8.500z"/></svg>`
	iconKeep    = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.500 1.500h9V15L8 11.500 3.500 15zM5 3v8.950l3-2.350 3 2.350V3z"/></svg>`
	iconSave    = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M7.250 1h1.500v6.600l2.200-2.200 1.050 1.050L8 10.500 4 6.450 5.050 5.400l2.200 2.200zM2.500 12.500h11V14h-11z"/></svg>`
	iconOpen    = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M1.500 2.500h5l1.500 2h6.500v9h-13zM3 6v6h10V6z" fill-rule="evenodd"/></svg>`
	iconLink    = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M6.800 9.200 9.200 6.800l.7.7-2.400 2.400zM7.200 4.200 9 2.400a3.250 3.250 0 0 1 4.600 4.600l-1.800 1.800-1.050-1.050 1.800-1.800a1.770 1.770 0 0 0-2.500-2.500L8.250 5.250zM8.800 11.800 7 13.600A3.250 3.250 0 0 1 2.400 9l1.800-1.800 1.050 1.050-1.800 1.800a1.770 1.770 0 0 0 2.500 2.500l1.800-1.800z"/></svg>`
	iconPresent = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M1 2h14v9.500H1zm1.500 1.500V10h11V3.500zM5 13h6v1.500H5z" fill-rule="evenodd"/></svg>`
	iconSystem  = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1.500a6.500 6.500 0 1 0 0 13zm0-1a7.500 7.500 0 1 1 0 15 7.500 7.500 0 0 1 0-15z" fill-rule="evenodd"/></svg>`
	iconLight   = `<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="3.500"/><path d="M7.300 0h1.400v2.500H7.300zM7.300 13.500h1.400V16H7.300zM0 7.300h2.500v1.400H0zM13.500 7.300H16v1.400h-2.500zM2 3l1-1 1.800 1.800-1 1zM11.200 12.200l1-1L14 13l-1 1zM13 2l1 1-1.800 1.800-1-1zM3.800 11.200l1 1L3 14l-1-1z"/></svg>`
	iconDark    = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M6 1a7 7 0 1 0 9 9A6.500 6.500 0 0 1 6 1z"/></svg>`
	iconLogo    = `<svg viewBox="0 0 18 18" aria-hidden="true"><path class="m0" d="M1 1h4.500v4.500H1zM12.500 1H17v4.500h-4.500zM1 6.750h4.500v4.500H1zM6.750 12.500h4.500V17h-4.500zM12.500 12.500H17V17h-4.500zM12.500 6.750H17v4.500h-4.500z"/><path class="m1" d="M6.750 1h4.500v4.500h-4.500zM1 12.500h4.500V17H1zM6.750 6.750h4.500v4.500h-4.500z"/><path class="m2" d="M5.750 5.750h6.500v6.500h-6.500z"/></svg>`
)
