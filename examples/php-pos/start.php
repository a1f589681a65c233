<?php // Begins every page: headers, the session, who is signed in, and what keeps forms and texts safe.
declare(strict_types=1);

require __DIR__ . '/database.php';
require __DIR__ . '/bills.php';
require __DIR__ . '/wallet.php';

const IMPORT_MAP = '{"imports":{"kaunter":"/kaunter/index.js"}}';

ini_set('display_errors', '0'); // an error goes to the log, and never into a page
if (!getenv('KAUNTER_BACKEND') || !getenv('KAUNTER_SERVER_KEY')) {
    refuse(500, 'Set KAUNTER_BACKEND and KAUNTER_SERVER_KEY where PHP starts.');
}
send_headers();
session_start([
    'use_strict_mode' => true,
    'cookie_httponly' => true,
    'cookie_samesite' => 'Strict',
    'cookie_secure' => !empty($_SERVER['HTTPS']),
]);
$_SESSION['csrf'] ??= bin2hex(random_bytes(32));
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    check_csrf();
}

function send_headers(): void
{
    $map = base64_encode(hash('sha256', IMPORT_MAP, true)); // the only script inside a page
    $policy = [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval' 'sha256-$map'",
        "worker-src 'self'",
        "connect-src 'self' " . getenv('KAUNTER_BACKEND'),
        "style-src 'self'",
        "img-src 'self' data:", // our own code, which the customer scans
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        'trusted-types kaunter',
    ];
    header('Content-Security-Policy: ' . implode('; ', $policy));
    header('X-Content-Type-Options: nosniff');
    header('Referrer-Policy: no-referrer');
    header('Cache-Control: no-store'); // the back button asks again, and shows no old state of a bill
}

/** Another site can make a browser send a form here, but does not know the session's own word. */
function check_csrf(): void
{
    if (!hash_equals($_SESSION['csrf'], typed('csrf'))) {
        refuse(403, 'This form is too old. Go back, load the page again, and repeat it.');
    }
}

/** A field of the form, or of the address of a page that is only shown. */
function typed(string $field): string
{
    $value = $_SERVER['REQUEST_METHOD'] === 'POST' ? $_POST[$field] ?? '' : $_GET[$field] ?? '';
    return is_string($value) ? $value : '';
}

function csrf_field(): string
{
    return '<input type="hidden" name="csrf" value="' . html($_SESSION['csrf']) . '">';
}

/** The person who is signed in, with the rights of today. Others are sent to the sign-in. */
function person(): array
{
    $person = row('SELECT name, rights FROM people WHERE name = ?', [$_SESSION['cashier'] ?? '']);
    if ($person === null) {
        go('/sign-in.php');
    }
    return ['name' => $person['name'], 'till' => $_SESSION['till'], 'rights' => explode(' ', $person['rights'])];
}

/** The bill that the request names. A till reaches its own bills only: two tills never collect one bill. */
function asked_bill(array $person): array
{
    $bill = bill(typed('ref'));
    if ($bill === null || $bill['till'] !== $person['till']) {
        refuse(404, 'This till has no such bill.');
    }
    return $bill;
}

/** Only a form changes something, never a link. */
function need_post(): void
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        refuse(405, 'Use the button.');
    }
}

function refuse(int $status, string $sentence): never
{
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    exit($sentence);
}

/** After a POST the browser loads a page with GET, so that a reload repeats nothing. */
function go(string $path, array $query = [], ?string $notice = null): never
{
    if ($notice !== null) {
        $_SESSION['notice'] = $notice;
    }
    header('Location: ' . $path . ($query === [] ? '' : '?' . http_build_query($query)), true, 303);
    exit;
}

function html(string|int $text): string
{
    return htmlspecialchars((string) $text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}

/** Amounts are whole sen, and become text here only. */
function money(int $minor): string
{
    return sprintf('RM %d.%02d', intdiv($minor, 100), $minor % 100);
}
