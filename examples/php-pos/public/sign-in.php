<?php // Signs a person in at a till. Five wrong passwords lock the name for a minute.
declare(strict_types=1);

require __DIR__ . '/../start.php';
require __DIR__ . '/../page.php';

const TRIES = 5;
const LOCKED_S = 60;
// Give each device a name of its own.
const TILLS = ['till-1', 'till-2'];

/** The same work for an unknown name as for a known one, so that the time tells nobody which names exist. */
function knows(string $name, string $password): bool
{
    $person = row('SELECT * FROM people WHERE name = ?', [$name]);
    if ($person === null) {
        password_hash($password, PASSWORD_DEFAULT);
        return false;
    }
    $is_right = password_verify($password, $person['password']) && $person['locked_until'] <= time();
    if ($is_right) {
        change('UPDATE people SET failed = 0 WHERE name = ?', [$name]);
    } else {
        $sql = 'UPDATE people SET failed = failed + 1,
            locked_until = CASE WHEN failed % ? = ? - 1 THEN ? ELSE locked_until END WHERE name = ?';
        change($sql, [TRIES, TRIES, time() + LOCKED_S, $name]);
    }
    return $is_right;
}

$wrong = false;
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    [$name, $password, $till] = array_map(typed(...), ['name', 'password', 'till']);
    if (in_array($till, TILLS, true) && knows($name, $password)) {
        session_regenerate_id(true); // nobody else knows the number of this session
        $_SESSION = ['cashier' => $name, 'till' => $till, 'csrf' => bin2hex(random_bytes(32))];
        go('/');
    }
    $wrong = true;
}
page_begins('Sign in');
?>
<main class="narrow">
  <h1>Sign in</h1>
<?php if ($wrong) { ?>
  <p class="notice" role="alert">Name or password is wrong. After five wrong tries, wait a minute.</p>
<?php } ?>
  <form method="post" class="fields">
    <?= csrf_field() ?>
    <label>Name <input name="name" autocomplete="username" required autofocus></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <label>Till
      <select name="till">
<?php foreach (TILLS as $till) { ?>
        <option><?= html($till) ?></option>
<?php } ?>
      </select>
    </label>
    <button class="primary">Sign in</button>
  </form>
</main>
