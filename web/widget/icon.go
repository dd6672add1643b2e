package widget

// Icons, drawn on a 16 by 16 grid.
const (
	iconPlay   = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2.5v11l9-5.5z"/></svg>`
	iconPause  = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z"/></svg>`
	iconBack   = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M11 2.5v11L4.500 8z"/></svg>`
	iconOn     = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M5 2.5v11L11.500 8z"/></svg>`
	iconSystem = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1.500a6.500 6.500 0 1 0 0 13zm0-1a7.500 7.500 0 1 1 0 15 7.500 7.500 0 0 1 0-15z" fill-rule="evenodd"/></svg>`
	iconLight  = `<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="3.500"/><path d="M7.300 0h1.400v2.500H7.300zM7.300 13.500h1.400V16H7.300zM0 7.300h2.500v1.400H0zM13.500 7.300H16v1.400h-2.500zM2 3l1-1 1.800 1.800-1 1zM11.200 12.200l1-1L14 13l-1 1zM13 2l1 1-1.800 1.800-1-1zM3.800 11.200l1 1L3 14l-1-1z"/></svg>`
	iconDark   = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M6 1a7 7 0 1 0 9 9A6.500 6.500 0 0 1 6 1z"/></svg>`
	iconLogo   = `<svg viewBox="0 0 18 18" aria-hidden="true"><path class="m0" d="M1 1h4.500v4.500H1zM12.500 1H17v4.500h-4.500zM1 6.750h4.500v4.500H1zM6.750 12.500h4.500V17h-4.500zM12.500 12.500H17V17h-4.500zM12.500 6.750H17v4.500h-4.500z"/><path class="m1" d="M6.750 1h4.500v4.500h-4.500zM1 12.500h4.500V17H1zM6.750 6.750h4.500v4.500h-4.500z"/><path class="m2" d="M5.750 5.750h6.500v6.500h-6.500z"/></svg>`
)
